import { z } from 'zod';
import type { Json } from '../core/chunk.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { placeOf } from '../core/config.ts';
import { ConfigError, SourceError } from '../core/error.ts';
import { formatValue } from '../core/format.ts';
import { unmatched } from '../core/pattern.ts';
import { type AnyPlugin, type Family, plugin } from '../core/plugin.ts';
import type { RawColumn, Table } from '../core/table.ts';
import type { SourceContext } from './context.ts';
import type { TableReading, TableReadOptions, TableSource } from './source.ts';
import { sliceTable } from './table.ts';
import { type TimeColumn, timeColumnOf, timeField, timeKinds, timesOf } from './time.ts';

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
        timeColumn: timeField
          .optional()
          .describe(
            'The column with the event times, by which rows follow each other: dates, texts such as 2024-05-01T12:00:00Z, or milliseconds since 1970.',
          ),
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
      const where = context.where ?? context.name;
      const inner = media.create(source, { ...context, where: placeOf(['source'], where) } as never) as TableSource;
      const times = timeColumn === undefined ? undefined : timeColumnOf(timeColumn);
      const pace = (): Pace => (times === undefined ? steady(rowsPerSecond as number) : byTimes(times, factor));
      return paced(inner, pace, times?.column, placeOf(['timeColumn'], where), context.clock ?? systemClock);
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
  async function* read(options: TableReadOptions): AsyncGenerator<TableReading> {
    const { from, columns, signal, peek = false, everyShard = false } = options;
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
      peek,
      everyShard,
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
        if (!peek) await clock.sleep(beginMs + dueMs(row) - clock.monotonicMs(), signal);
        signal.throwIfAborted();
        const nowMs = peek ? Number.POSITIVE_INFINITY : clock.monotonicMs() - beginMs + togetherMs;
        let end = row + 1;
        while (end < table.rows && dueMs(end) <= nowMs) end++;
        const isLast = end === table.rows;
        yield {
          table: sliceTable(table, row, end, columns),
          rejected: isLast ? rejected : [],
          position: isLast ? { inner: after, rows: 0 } : { inner: position, rows: end },
        };
        row = end;
      }
      if (first === table.rows && rejected.length > 0)
        yield { table: sliceTable(table, 0, 0, columns), rejected, position: { inner: after, rows: skipped } };
      handedOn += table.rows - first;
      position = after;
    }
  }

  const { replayable, shard, isEndless, canPeek } = inner;
  return {
    name: inner.name,
    replayable,
    shard,
    ...(isEndless === undefined ? {} : { isEndless }),
    ...(canPeek === undefined ? {} : { canPeek }),
    columns: (signal) => inner.columns(signal),
    ...(inner.countRows !== undefined && { countRows: inner.countRows.bind(inner) }),
    ...(inner.files !== undefined && { files: inner.files.bind(inner) }),
    covered: async (position) => {
      const { inner: place } = positionOf(position, inner.name);
      if (place !== null) await inner.covered?.(place);
    },
    read,
  };
}

function steady(rowsPerSecond: number): Pace {
  return (_, firstRow) => (row) => ((firstRow + row) * 1000) / rowsPerSecond;
}

/** A row without a time comes with the one before it. */
function byTimes({ column, unit }: TimeColumn, factor: number): Pace {
  let [firstMs, lastMs]: (number | undefined)[] = [];
  return (table) => {
    // Whoever makes samples of the rows tells what is no time.
    const times = timesOf(table.columns.get(column) as RawColumn, table.rows, unit, () => {});
    const due = Array.from(times, (time) => {
      if (Number.isFinite(time)) lastMs = time;
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
  if (!timeKinds.includes(column.kind))
    throw new ConfigError({
      where,
      expected: 'a column of times',
      found: `one of kind '${column.kind}' (${column.type})`,
    });
}

function positionOf(from: unknown, name: string): z.output<typeof positionSchema> {
  const parsed = positionSchema.safeParse(from);
  if (parsed.success) return parsed.data;
  throw new SourceError({ where: name, expected: 'a position of a replay: { inner, rows }', found: formatValue(from) });
}
