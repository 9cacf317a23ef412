import type { TypedArray } from '../../core/dtype.ts';
import type { RawColumn, Table } from '../../core/table.ts';

/** A part of every one of some rows: one of `of` equal parts, counted from 1. */
export interface Shard {
  readonly part: number;
  readonly of: number;
}

/** Whether a row belongs to a shard: rows are dealt out one by one, in every file beginning with another shard. */
export function isInShard(shard: Shard | undefined, file: number, row: number): boolean {
  return shard === undefined || (file + row) % shard.of === shard.part - 1;
}

/** How many of the first `rows` rows of a file belong to a shard. */
export function countInShard(shard: Shard | undefined, file: number, rows: number): number {
  if (shard === undefined) return rows;
  const first = (((shard.part - 1 - file) % shard.of) + shard.of) % shard.of;
  return rows <= first ? 0 : Math.ceil((rows - first) / shard.of);
}

/** A number that stays with a row: of its file's place in the list and its own in the file. */
export function keyOf(file: number, row: number): number {
  let hash = Math.imul(file + 1, 0x9e3779b1) ^ Math.imul(Math.floor(row / 2 ** 32) + 1, 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) + (row | 0);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/**
 * A table of rows of one file.
 * @param rows of each, its number in the file, from 0
 */
export function fileTable(
  path: string,
  file: number,
  rows: ArrayLike<number>,
  columns: ReadonlyMap<string, RawColumn>,
): Table {
  return {
    rows: rows.length,
    columns,
    place: (row) => `${path}, row ${(rows[row] as number) + 1}`,
    keys: Int32Array.from(rows, (row) => keyOf(file, row)),
  };
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
      const lists = {
        starts: column.starts.slice(start, end + 1).map((at) => at - first),
        valid: column.valid.subarray(start, end),
      };
      return column.kind === 'numbers'
        ? { kind: 'numbers', ...lists, values: column.values.subarray(first, last) as TypedArray | Float64Array }
        : { kind: 'texts', ...lists, values: column.values.slice(first, last) };
    }
  }
}
