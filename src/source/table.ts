import type { RawColumn, Table } from '../core/table.ts';
import { concat, pick, slice } from './column.ts';

/** Rows `start` up to `end` of a table, with the wanted columns; all when left out. */
export function sliceTable(table: Table, start: number, end: number, wanted?: readonly string[]): Table {
  const columns = [...table.columns].filter(([name]) => wanted?.includes(name) ?? true);
  return {
    rows: end - start,
    columns: new Map(columns.map(([name, column]) => [name, slice(column, start, end)])),
    place: (row) => table.place(start + row),
    keys: table.keys.subarray(start, end),
  };
}

/** Some rows of a table, in the order in which they are named. */
export function pickTable(table: Table, rows: readonly number[]): Table {
  return {
    rows: rows.length,
    columns: new Map([...table.columns].map(([name, column]) => [name, pick(column, rows)])),
    place: (row) => table.place(rows[row] as number),
    keys: Int32Array.from(rows, (row) => table.keys[row] as number),
  };
}

/** The rows of one table, and then those of another with the same columns. */
export function joinTables(one: Table, other: Table): Table {
  const joined = ([name, column]: readonly [string, RawColumn]) =>
    [name, concat(column.kind, [column, other.columns.get(name) as RawColumn])] as const;
  const keys = new Int32Array(one.rows + other.rows);
  keys.set(one.keys);
  keys.set(other.keys, one.rows);
  return {
    rows: keys.length,
    columns: new Map([...one.columns].map(joined)),
    place: (row) => (row < one.rows ? one.place(row) : other.place(row - one.rows)),
    keys,
  };
}
