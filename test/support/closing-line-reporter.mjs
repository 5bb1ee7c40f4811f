/** Ends a run with one plain line that any reader of logs understands; nothing is printed after it. */
export default class ClosingLineReporter {
  onRunComplete(_contexts, results) {
    const crashed = results.numRuntimeErrorTestSuites;
    const line = `${results.numPassedTests} passed, ${results.numFailedTests + crashed} failed, ${results.numPendingTests} skipped`;
    process.once('exit', () => process.stdout.write(`\n${line}\n`));
  }
}
