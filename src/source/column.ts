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

/** Columns of one kind, one after the other. */
export function concat(kind: RawColumn['kind'], columns: readonly RawColumn[]): RawColumn {
  const [only] = columns;
  if (only && columns.length === 1) return only;
  if (kind !== 'number' && kind !== 'numbers' && kind !== 'texts')
    return { kind, values: columns.flatMap((column) => column.values as never) } as RawColumn;
  const parts = columns as readonly Extract<RawColumn, { readonly kind: typeof kind }>[];
  const valid = joined(
    Uint8Array,
    parts.map((column) => column.valid),
  );
  if (kind === 'number') return { kind, values: numbersOf(parts), valid };
  const lists = parts as readonly Extract<RawColumn, { readonly starts: Int32Array }>[];
  const starts = new Int32Array(valid.length + 1);
  let row = 0;
  for (const column of lists)
    for (let at = 0; at < column.valid.length; at++, row++) {
      const length = (column.starts[at + 1] as number) - (column.starts[at] as number);
      starts[row + 1] = (starts[row] as number) + length;
    }
  if (kind === 'numbers') return { kind, starts, values: numbersOf(lists), valid };
  return { kind, starts, values: lists.flatMap(({ values }) => values as readonly (string | null)[]), valid };
}

/** Numbers of all columns, as doubles unless all are floats. */
function numbersOf(columns: readonly { readonly values: unknown }[]): Float32Array | Float64Array {
  const arrays = columns.map(({ values }) => values as Float64Array);
  const isFloat = arrays.every((values) => (values as unknown) instanceof Float32Array);
  return isFloat ? joined(Float32Array, arrays) : joined(Float64Array, arrays);
}

function joined<Values extends Uint8Array | Float32Array | Float64Array>(
  type: new (length: number) => Values,
  parts: readonly ArrayLike<number>[],
): Values {
  const all = new type(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
