import { z } from 'zod';
import { SourceError } from '../../core/error.ts';
import { formatValue } from '../../core/format.ts';
import { unmatched } from '../../core/pattern.ts';
import { emptyColumn } from '../column.ts';
import { countInShard, isInShard, keyOf, type Shard } from '../file/row.ts';
import type { TableColumn, TableReading, TableReadOptions, TableSource } from '../source.ts';
import type { Sorted } from './sort.ts';

/** Rows that can be had by their numbers. */
export interface RowMedium {
  /** How many there are; Infinity when there is no end. */
  readonly rows: number;
  columns(): readonly TableColumn[];
  /** @param rows their numbers, from 0, ascending */
  read(rows: readonly number[], columns: readonly TableColumn[]): Sorted;
  /** The record of a row that was rejected. */
  record(row: number): unknown;
}

export interface RowOptions {
  readonly name: string;
  readonly shard?: Shard | undefined;
  readonly chunkRows: number;
}

const positionSchema = z.strictObject({ row: z.int().min(0) });

/** A source of rows that can be had by their numbers. */
export function rowSource(medium: RowMedium, { name, shard, chunkRows }: RowOptions): TableSource {
  const place = (row: number): string => `${name}, row ${row + 1}`;

  async function* read({ from, columns: wanted, signal, everyShard }: TableReadOptions): AsyncGenerator<TableReading> {
    signal.throwIfAborted();
    const columns = choose(medium.columns(), wanted, name);
    const part = everyShard ? undefined : shard;
    for (let row = rowOf(from, name); row < medium.rows; ) {
      const rows: number[] = [];
      for (; row < medium.rows && rows.length < chunkRows; row++) if (isInShard(part, 0, row)) rows.push(row);
      if (rows.length === 0) return;
      const sorted = medium.read(rows, columns);
      const kept = sorted.records.map((at) => rows[at] as number);
      const found = columns.map(({ name, kind }) => [name, sorted.columns.get(name) ?? emptyColumn(kind)] as const);
      yield {
        table: {
          rows: kept.length,
          columns: new Map(found),
          place: (at) => place(kept[at] as number),
          keys: Int32Array.from(kept, (number) => keyOf(0, number)),
        },
        rejected: [...sorted.faults].map(([at, { reason, ...issue }]) => {
          const number = rows[at] as number;
          return { reason, issue: { where: place(number), ...issue }, record: medium.record(number) };
        }),
        position: { row },
      };
      signal.throwIfAborted();
    }
  }

  return {
    name,
    replayable: true,
    shard,
    columns: async () => medium.columns(),
    ...(Number.isFinite(medium.rows) && { countRows: async () => countInShard(shard, 0, medium.rows) }),
    read,
  };
}

function choose(columns: readonly TableColumn[], wanted: readonly string[] | undefined, name: string) {
  if (wanted === undefined) return columns;
  const byName = new Map(columns.map((column) => [column.name, column]));
  const missing = wanted.filter((column) => !byName.has(column));
  if (missing.length > 0)
    throw new SourceError(missing.map((column) => unmatched(name, column, 'column', [...byName.keys()])));
  return wanted.map((column) => byName.get(column) as TableColumn);
}

function rowOf(from: unknown, name: string): number {
  if (from === undefined) return 0;
  const parsed = positionSchema.safeParse(from);
  if (parsed.success) return parsed.data.row;
  throw new SourceError({ where: name, expected: 'a position of rows: { row }', found: formatValue(from) });
}
