import { z } from 'zod';
import type { Json } from '../core/chunk.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { placeOf } from '../core/config.ts';
import { ConfigError, SourceError } from '../core/error.ts';
import { formatValue } from '../core/format.ts';
import { unmatched } from '../core/pattern.ts';
import { type AnyPlugin, type Family, plugin } from '../core/plugin.ts';
import type { RawColumn, Table } from '../core/table.ts';
import { slice } from './column.ts';
import type { SourceContext } from './context.ts';
import type { TableReading, TableReadOptions, TableSource } from './source.ts';

/** Rows are handed on together when they are due within this time, so that fast replays are not one row at a time. */
const togetherMs = 20;

/** When rows of a table are due, in milliseconds after the first that was read. @param firstRow how many came before it */
type Pace = (table: Table, firstRow: number) => (row: number) => number;

/**
 * The rows of another source, at the speed at which they came about, or at a steady one. What is due while nobody asks
 * is handed on at once when somebody does.
 * @param media what it may replay
 */
export function replayOf<P extends AnyPlugin>(media: Family<P>) {
  return plugin({
    type: 'replay',
    summary: 'The rows of another source, at a given speed.',
    fields: z
      .object({
        source: media.schema.describe('What is replayed.'),
        rowsPerSecond: z.number().positive().optional().describe('A steady speed.'),
        timeColumn: z
          .string()
          .min(1)
          .optional()
          .describe('The column with the event times, in milliseconds, by which rows follow each other.'),
        factor: z.number().positive().default(1).describe('How many times as fast as the event times say.'),
      })
      .check(({ value, issues }) => {
        if ((value.rowsPerSecond === undefined) === (value.timeColumn === undefined))
          issues.push({
            code: 'custom',
            input: value,
            path: [],
            message: "either 'rowsPerSecond' or 'timeColumn'",
          });
      }),
    main: 'source',
    // Every family has a member with an example that needs nothing else.
    example: { source: { type: 'generator', rows: 1000 } as never, rowsPerSecond: 200 },
    build: ({ source, rowsPerSecond, timeColumn, factor }, context: SourceContext): TableSource => {
      const where = placeOf(['source'], context.where ?? context.name);
      const inner = media.create(source, { ...context, where } as never) as TableSource;
      const pace = (): Pace =>
        rowsPerSecond === undefined ? byTimes(timeColumn as string, factor) : steady(rowsPerSecond);
      const place = placeOf(['timeColumn'], context.where ?? context.name);
      return paced(inner, pace, timeColumn, place, context.clock ?? systemClock);
    },
  });
}

/** Where reading goes on: a position of the replayed source, and rows after it that were handed on. */
const positionSchema = z.strictObject({ inner: z.json().nullable(), rows: z.int().min(0) });

function paced(
  inner: TableSource,
  paceOf: () => Pace,
  timeColumn: string | undefined,
  where: string,
  clock: Clock,
): TableSource {
  async function* read({ from, columns, signal }: TableReadOptions): AsyncGenerator<TableReading> {
    if (timeColumn !== undefined) await checkTimes(inner, timeColumn, where, signal);
    const start = from === undefined ? { inner: null, rows: 0 } : positionOf(from, inner.name);
    const wanted =
      columns && timeColumn !== undefined && !columns.includes(timeColumn) ? [...columns, timeColumn] : columns;
    let position: Json = start.inner;
    let skipped = start.rows;
    let handedOn = 0;
    const pace = paceOf();
    const beginMs = clock.monotonicMs();
    const reading = inner.read({
      signal,
      ...(position !== null && { from: position }),
      ...(wanted && { columns: wanted }),
    });
    for await (const { table, rejected, position: after } of reading) {
      // Tables may be cut otherwise than before: rows count, not tables.
      const first = Math.min(skipped, table.rows);
      skipped -= first;
      const dueMs = pace(table, handedOn - first);
      let row = first;
      while (row < table.rows) {
        await clock.sleep(beginMs + dueMs(row) - clock.monotonicMs(), signal);
        signal.throwIfAborted();
        const nowMs = clock.monotonicMs() - beginMs + togetherMs;
        let end = row + 1;
        while (end < table.rows && dueMs(end) <= nowMs) end++;
        const isLast = end === table.rows;
        yield {
          table: part(table, row, end, columns),
          rejected: isLast ? rejected : [],
          position: isLast ? { inner: after, rows: 0 } : { inner: position, rows: end },
        };
        row = end;
      }
      if (first === table.rows && rejected.length > 0)
        yield { table: part(table, 0, 0, columns), rejected, position: { inner: after, rows: skipped } };
      handedOn += table.rows - first;
      position = after;
    }
  }

  return {
    name: inner.name,
    replayable: inner.replayable,
    columns: (signal) => inner.columns(signal),
    ...(inner.countRows !== undefined && { countRows: inner.countRows.bind(inner) }),
    read,
  };
}

function steady(rowsPerSecond: number): Pace {
  return (_, firstRow) => (row) => ((firstRow + row) * 1000) / rowsPerSecond;
}

/** A row without a time comes with the one before it. */
function byTimes(column: string, factor: number): Pace {
  let [firstMs, lastMs]: (number | undefined)[] = [];
  return (table) => {
    const times = table.columns.get(column) as RawColumn & { readonly kind: 'number' };
    const due = Array.from({ length: table.rows }, (_, row) => {
      if (times.valid[row] === 1) lastMs = Number(times.values[row]);
      firstMs ??= lastMs;
      return ((lastMs ?? 0) - (firstMs ?? lastMs ?? 0)) / factor;
    });
    return (row) => due[row] as number;
  };
}

async function checkTimes(inner: TableSource, name: string, where: string, signal: AbortSignal): Promise<void> {
  const columns = await inner.columns(signal);
  const column = columns.find((other) => other.name === name);
  if (column === undefined)
    throw new ConfigError(
      unmatched(
        where,
        name,
        'column',
        columns.map((other) => other.name),
      ),
    );
  if (column.kind !== 'number')
    throw new ConfigError({
      where,
      expected: 'a column of times',
      found: `one of kind '${column.kind}' (${column.type})`,
    });
}

/** Rows `start` up to `end` of a table, with the wanted columns. */
function part(table: Table, start: number, end: number, wanted: readonly string[] | undefined): Table {
  const columns = [...table.columns].filter(([name]) => wanted?.includes(name) ?? true);
  return {
    rows: end - start,
    columns: new Map(columns.map(([name, column]) => [name, slice(column, start, end)])),
    place: (row) => table.place(start + row),
    keys: table.keys.subarray(start, end),
  };
}

function positionOf(from: unknown, name: string): z.output<typeof positionSchema> {
  const parsed = positionSchema.safeParse(from);
  if (parsed.success) return parsed.data;
  throw new SourceError({ where: name, expected: 'a position of a replay: { inner, rows }', found: formatValue(from) });
}
