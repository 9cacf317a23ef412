import { formatValue } from '../core/format.ts';
import type { FeatureFault } from './feature.ts';

/** Collects what is wrong with rows: the first fault of each. */
export class Faults {
  readonly list: FeatureFault[] = [];
  /** rows: 1 where there is a fault. */
  readonly bad: Uint8Array;

  constructor(rows: number) {
    this.bad = new Uint8Array(rows);
  }

  add(row: number, column: string, reason: string, expected: string, found: unknown): void {
    if (this.bad[row] === 1) return;
    this.bad[row] = 1;
    this.list.push({ row, column, reason, expected, found: typeof found === 'string' ? found : formatValue(found) });
  }

  /** Of a value that is null, or a number that is NaN. */
  missing(row: number, column: string, expected: string, found: unknown = null): void {
    this.add(row, column, 'missing', expected, found);
  }
}
