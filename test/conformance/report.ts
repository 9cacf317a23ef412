import type { SuiteResult } from './compare.ts';

/** What the process that ran the suite on one backend reports. */
export interface SuiteReport extends SuiteResult {
  readonly seconds: number;
  /** Calls that the cpu backend's kernels answered for ours, by kernel. */
  readonly fallbackCalls: Readonly<Record<string, number>>;
  /** Native sessions created. */
  readonly sessions: number;
  /** Largest resident memory. */
  readonly peakMegabytes: number;
}

/** Where a process leaves the name of the spec it is in, for when it dies. */
export function runningFile(reportPath: string): string {
  return `${reportPath}.running`;
}
