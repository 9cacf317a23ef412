import type { Rejected } from '../core/chunk.ts';
import { type Issue, SourceError } from '../core/error.ts';

/** Examples that the summary shows. */
const shownExamples = 5;

/** Stops reading when too many rows are rejected: something is wrong with all of them then. */
export class RejectLimit {
  private readonly name: string;
  private readonly maxShare: number;
  private readonly minRejects: number;
  private readonly reasons = new Map<string, number>();
  private readonly examples: Issue[] = [];
  private rows = 0;
  private rejectedRows = 0;

  constructor(name: string, maxShare: number, minRejects: number) {
    this.name = name;
    this.maxShare = maxShare;
    this.minRejects = minRejects;
  }

  /**
   * @param rows that were read
   * @param rejectedRows how many of them have any fault
   * @throws SourceError when the share of rejected rows is too large
   */
  count(rows: number, rejectedRows: number, rejected: readonly Rejected[]): void {
    this.rows += rows;
    this.rejectedRows += rejectedRows;
    for (const { reason, issue, head } of rejected) {
      const key = head === undefined ? reason : `${reason} of labels`;
      this.reasons.set(key, (this.reasons.get(key) ?? 0) + 1);
      if (this.examples.length < shownExamples) this.examples.push(issue);
    }
    if (this.rejectedRows >= this.minRejects && this.rejectedRows > this.maxShare * this.rows) this.fail();
  }

  /** @throws SourceError when all that was read is rejected, however little that was */
  finish(): void {
    if (this.rows > 0 && this.rejectedRows === this.rows && this.maxShare < 1) this.fail();
  }

  private fail(): never {
    const reasons = [...this.reasons].sort((a, b) => b[1] - a[1]).map(([reason, count]) => `${count} ${reason}`);
    throw new SourceError([
      {
        where: this.name,
        expected: `at most ${formatShare(this.maxShare)} of rows rejected`,
        found: `${this.rejectedRows} of ${this.rows}: ${reasons.join(', ')}`,
        hint: 'the first of them follow; set maxRejectShare to go on in spite of them',
      },
      ...this.examples,
    ]);
  }
}

function formatShare(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}
