// Ends the product's threads when it is sent a signal: nothing else outside can.
process.on('worker', (worker) => process.on('SIGUSR2', () => worker.terminate()));
