import type { RawColumn } from '../core/table.ts';

/** A column of no rows. */
export function emptyColumn(kind: RawColumn['kind']): RawColumn {
  const valid = new Uint8Array(0);
  switch (kind) {
    case 'number':
      return { kind, values: new Float64Array(0), valid };
    case 'numbers':
      return { kind, starts: new Int32Array(1), values: new Float64Array(0), valid };
    case 'texts':
      return { kind, starts: new Int32Array(1), values: [], valid };
    default:
      return { kind, values: [] };
  }
}

/** Rows `start` up to `end` of a column, as views where it has arrays of numbers. */
export function slice(column: RawColumn, start: number, end: number): RawColumn {
  switch (column.kind) {
    case 'number':
      return { ...column, values: column.values.subarray(start, end), valid: column.valid.subarray(start, end) };
    case 'text':
      return { ...column, values: column.values.slice(start, end) };
    case 'bytes':
      return { ...column, values: column.values.slice(start, end) };
    case 'mixed':
      return { ...column, values: column.values.slice(start, end) };
    case 'numbers':
    case 'texts': {
      const [first, last] = [column.starts[start] as number, column.starts[end] as number];
      const starts = column.starts.slice(start, end + 1).map((at) => at - first);
      const valid = column.valid.subarray(start, end);
      return column.kind === 'numbers'
        ? { kind: 'numbers', starts, values: column.values.subarray(first, last), valid }
        : { kind: 'texts', starts, values: column.values.slice(first, last), valid };
    }
  }
}

/** Some rows of a column, in the order in which they are named. */
export function pick(column: RawColumn, rows: readonly number[]): RawColumn {
  const valid = 'valid' in column ? Uint8Array.from(rows, (row) => column.valid[row] as number) : undefined;
  switch (column.kind) {
    case 'number': {
      const values = column.values.slice(0, rows.length);
      for (let at = 0; at < rows.length; at++) values[at] = column.values[rows[at] as number] as never;
      return { kind: 'number', values, valid: valid as Uint8Array };
    }
    case 'text':
      return { kind: 'text', values: rows.map((row) => column.values[row] ?? null) };
    case 'bytes':
      return { kind: 'bytes', values: rows.map((row) => column.values[row] ?? null) };
    case 'mixed':
      return { kind: 'mixed', values: rows.map((row) => column.values[row]) };
    case 'numbers':
    case 'texts': {
      const starts = new Int32Array(rows.length + 1);
      rows.forEach((row, at) => {
        const length = (column.starts[row + 1] as number) - (column.starts[row] as number);
        starts[at + 1] = (starts[at] as number) + length;
      });
      if (column.kind === 'texts') {
        const values = rows.flatMap((row) => column.values.slice(column.starts[row], column.starts[row + 1]));
        return { kind: 'texts', starts, values, valid: valid as Uint8Array };
      }
      const values = column.values.slice(0, starts[rows.length]);
      rows.forEach((row, at) => {
        values.set(column.values.subarray(column.starts[row], column.starts[row + 1]) as never, starts[at]);
      });
      return { kind: 'numbers', starts, values, valid: valid as Uint8Array };
    }
  }
}
