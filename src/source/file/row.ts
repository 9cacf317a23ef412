import type { Table } from '../../core/table.ts';
import { slice } from '../column.ts';
import type { Scanned } from './reader.ts';

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

/** A table of rows of one file. */
export function fileTable(path: string, file: number, { columns, rows, lines }: Scanned): Table {
  return {
    rows: rows.length,
    columns,
    place: (row) => (lines === undefined ? `${path}, row ${(rows[row] as number) + 1}` : `${path}:${lines[row]}`),
    keys: Int32Array.from(rows, (row) => keyOf(file, row)),
  };
}

/** Rows in parts of at most `chunkRows`; what was rejected between two rows goes with the first. */
export function* inParts(scanned: Scanned, chunkRows: number): Generator<Scanned> {
  const { columns, rows, lines, rejected, mark, next } = scanned;
  if (rows.length <= chunkRows) {
    yield scanned;
    return;
  }
  for (let start = 0, firstRow = 0; start < rows.length; start += chunkRows) {
    const end = Math.min(start + chunkRows, rows.length);
    const after = end === rows.length ? next : { row: rows[end] as number, ...(mark !== undefined && { mark }) };
    yield {
      columns: new Map([...columns].map(([name, column]) => [name, slice(column, start, end)])),
      rows: Array.prototype.slice.call(rows, start, end),
      ...(lines !== undefined && { lines: Array.prototype.slice.call(lines, start, end) }),
      rejected: rejected.filter(({ row }) => row >= firstRow && row < after.row),
      next: after,
    };
    firstRow = after.row;
  }
}
