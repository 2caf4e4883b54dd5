// Counts what the test programs report, and prints it as it comes.

/** The outcome of all tests so far. */
export interface Report {
  passed: number;
  failed: number;
  skipped: number;
  failures: string[];
}

/** An empty report. */
export function newReport(): Report {
  return { passed: 0, failed: 0, skipped: 0, failures: [] };
}

/** Notes one failure that a program did not count itself. */
export function addFailure(report: Report, title: string, detail: string): void {
  report.failed++;
  report.failures.push(title);
  console.log(`FAILED ${title}\n${detail.replace(/^/gm, "    ")}`);
}

/** Prints the list of failures and, as the very last line, the counts. Returns the exit code. */
export function printSummary(report: Report): number {
  if (report.failures.length > 0) {
    console.log("\nFailures:");
    for (const failure of report.failures) console.log(`  ${failure}`);
  }
  const ran = report.passed + report.failed;
  if (ran === 0) console.log("\nNo test ran: no file matches, or the folders are empty.");
  const skipped = report.skipped > 0 ? `, ${report.skipped} skipped` : "";
  console.log(`\n${report.passed} passed, ${report.failed} failed${skipped}`);
  return report.failed > 0 || ran === 0 ? 1 : 0;
}
