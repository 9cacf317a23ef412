import type { Rejected } from '../core/chunk.ts';
import type { RawColumn, Table } from '../core/table.ts';

/** What is wrong with a row, or with one of its labels. */
export interface RowFault {
  readonly row: number;
  /** For counting. */
  readonly reason: string;
  /** Where in the row: `column 'nm'`. */
  readonly part: string;
  readonly expected: string;
  readonly found: string;
  readonly hint?: string;
  /** The head whose label is bad, when the rest of the row is good. */
  readonly head?: string;
  /** Whether it counts for nothing where reading stops because too much is rejected. */
  readonly isTolerated?: boolean;
}

/**
 * What heads are called that there are none of. Their own names are in what is told of the record: as anybody may send any
 * name, counting each apart would have no end.
 */
export const unknownHeads = '__unknown__';

/** Collects faults of the rows of one table. */
export class RowFaults {
  readonly list: RowFault[] = [];
  /** rows: 1 where the whole row is rejected, of which nothing else is said. */
  readonly bad: Uint8Array;

  constructor(rows: number) {
    this.bad = new Uint8Array(rows);
  }

  /** The row can't be a sample. */
  reject(fault: RowFault): void {
    if (this.bad[fault.row] === 1) return;
    this.bad[fault.row] = 1;
    this.list.push(fault);
  }

  /** One label of a row that is good otherwise. */
  rejectLabel(fault: RowFault & { readonly head: string }): void {
    if (this.bad[fault.row] === 0) this.list.push(fault);
  }

  /** How many rows have any fault that is not tolerated. */
  get rows(): number {
    return new Set(this.list.flatMap(({ row, isTolerated }) => (isTolerated ? [] : [row]))).size;
  }

  /** The faults with their places and records, for the dead letters. */
  rejected(table: Table, ids: readonly (string | null)[] | undefined): readonly Rejected[] {
    const records = new Map<number, unknown>();
    return this.list.map(({ row, reason, part, expected, found, hint, head }) => {
      const record = records.get(row) ?? recordOf(table, row);
      records.set(row, record);
      const id = ids?.[row];
      return {
        reason,
        issue: { where: `${table.place(row)}, ${part}`, expected, found, ...(hint !== undefined && { hint }) },
        ...(head !== undefined && { head }),
        ...(typeof id === 'string' && { id }),
        record,
      };
    });
  }
}

/** A row as an object. */
function recordOf({ columns }: Table, row: number): Readonly<Record<string, unknown>> {
  return Object.fromEntries([...columns].map(([name, column]) => [name, cellOf(column, row)]));
}

function cellOf(column: RawColumn, row: number): unknown {
  switch (column.kind) {
    case 'number':
      return column.valid[row] ? column.values[row] : null;
    case 'numbers':
    case 'texts':
      return column.valid[row] ? [...column.values.slice(column.starts[row], column.starts[row + 1])] : null;
    default:
      return column.values[row];
  }
}
