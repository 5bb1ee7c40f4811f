/** Ends a run with one plain line that any reader of logs understands. */
export default class ClosingLineReporter {
  onRunComplete(_contexts, results) {
    const crashed = results.numRuntimeErrorTestSuites;
    process.stdout.write(
      `\n${results.numPassedTests} passed, ${results.numFailedTests + crashed} failed, ${results.numPendingTests} skipped\n`,
    );
  }
}
