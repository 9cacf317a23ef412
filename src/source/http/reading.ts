import { z } from 'zod';
import type { Rejected } from '../../core/chunk.ts';
import { SourceError } from '../../core/error.ts';
import { formatValue } from '../../core/format.ts';
import type { RawColumn } from '../../core/table.ts';
import { concat } from '../column.ts';
import { keyOf } from '../file/row.ts';
import { columnAs } from '../sample-record.ts';
import type { TableColumn, TableReading, TableReadOptions } from '../source.ts';
import { decodeEntry } from './entry.ts';
import type { AcceptedLog, Entry } from './log.ts';

const positionSchema = z.strictObject({ log: z.string(), row: z.int().min(0) });

export interface ReadingOptions extends TableReadOptions {
  readonly name: string;
  readonly columns: readonly string[];
  /** Every column that there may be. */
  readonly known: readonly TableColumn[];
  /** Rows and bytes that are handed on together at most, unless they were kept together. */
  readonly most: { readonly rows: number; readonly sizeBytes: number };
}

/** The rows of a log from a position on, and those that are still to come, until the signal aborts. */
export async function* readLog(log: AcceptedLog, options: ReadingOptions): AsyncGenerator<TableReading> {
  const { signal, most, name, from } = options;
  let row = from === undefined ? log.first : rowOf(from, log, name);
  if (row < log.first) throw gap(name, row, log.first);
  log.readFrom(row);
  for (;;) {
    signal.throwIfAborted();
    const entries = log.read(row, most);
    const last = entries.at(-1);
    if (!last) {
      await log.arrival(signal);
      continue;
    }
    const [{ first }] = entries as [Entry];
    if (first !== row) throw gap(name, row, first);
    for (const entry of entries) log.readUpTo(entry, entry.value.length);
    row = last.first + last.rows;
    yield { ...tableOf(entries, options), position: { log: log.id, row } };
  }
}

function tableOf(entries: readonly Entry[], { name, columns: wanted, known }: ReadingOptions) {
  const rejected: Rejected[] = [];
  const numbers: number[] = [];
  const kinds = known.filter((column) => wanted.includes(column.name));
  const parts = new Map(kinds.map((column): [string, RawColumn[]] => [column.name, []]));
  for (const { first, rows, value, isWhole } of entries) {
    const columns = isWhole ? decodeEntry(value) : undefined;
    const other = columns && kinds.find((column) => (columns.get(column.name)?.kind ?? column.kind) !== column.kind);
    if (!columns || other) {
      const where = `${name}, rows ${first} to ${first + rows - 1} of the log`;
      const [expected, found] = other
        ? [`column '${other.name}' of kind '${other.kind}'`, 'another, as it was declared when they came']
        : ['what was written', 'other bytes'];
      rejected.push({ reason: other ? 'otherColumns' : 'damaged', issue: { where, expected, found } });
      continue;
    }
    for (let row = first; row < first + rows; row++) numbers.push(row);
    // A column that was not declared when the rows came.
    const absent = Array<null>(rows).fill(null);
    for (const column of kinds) parts.get(column.name)?.push(columns.get(column.name) ?? columnAs(column.kind, absent));
  }
  const joined = kinds.map((column): [string, RawColumn] => {
    const own = parts.get(column.name) as RawColumn[];
    return [column.name, own.length === 0 ? columnAs(column.kind, []) : concat(column.kind, own)];
  });
  const table = {
    rows: numbers.length,
    columns: new Map(joined),
    place: (row: number) => `${name}, row ${numbers[row]} of the log`,
    keys: Int32Array.from(numbers, (number) => keyOf(0, number)),
  };
  return { table, rejected };
}

/** The row of a position. @throws SourceError when it is none of this log */
export function rowOf(position: unknown, log: AcceptedLog, name: string): number {
  const parsed = positionSchema.safeParse(position);
  if (!parsed.success)
    throw new SourceError({ where: name, expected: 'a position of a log: { log, row }', found: formatValue(position) });
  if (parsed.data.log !== log.id || parsed.data.row > log.next)
    throw new SourceError({
      where: name,
      expected: 'the log that the checkpoint goes on from',
      found: 'another one, or one that was set back',
      hint: 'put the log back, or begin anew: --overwrite',
    });
  return parsed.data.row;
}

function gap(name: string, row: number, first: number): SourceError {
  return new SourceError({
    where: name,
    expected: `row ${row} of the log, with which the checkpoint goes on`,
    found: `row ${first} as the first after it`,
    hint: 'go on from a newer checkpoint, or begin anew: --overwrite',
  });
}
