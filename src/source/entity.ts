import { z } from 'zod';
import { SourceError } from '../core/error.ts';
import { formatValue } from '../core/format.ts';
import type { RawColumn, Table } from '../core/table.ts';
import { Faults, textOfRows } from '../feature/index.ts';
import { hashText } from '../trace/hash.ts';
import { isInShard, type Shard } from './file/row.ts';
import type { Position, TableReading, TableReadOptions, TableSource } from './source.ts';
import { joinTables, pickTable, sliceTable } from './table.ts';

/** More rows of one entity than this are not waited for: it is cut where a table ends. */
const mostRows = 100_000;

/** Where reading goes on: how many of the rows and rejects that come after a position of the medium were handed on. */
const positionSchema = z.strictObject({
  inner: z.json(),
  rows: z.int().min(0),
  rejected: z.int().min(0),
});
type EntityPosition = z.output<typeof positionSchema>;

/**
 * A medium whose tables end where an entity does, and whose shards are dealt out entity by entity: rows that follow each
 * other with one value in a column stay together. What may go on in the next table is held back, so the medium must have
 * an end.
 */
export function entitySource(table: TableSource, column: string): TableSource {
  const { name, shard, countRows } = table;

  async function* read({ from, columns, ...options }: TableReadOptions): AsyncGenerator<TableReading> {
    const start = positionOf(from, name);
    const wanted = columns && !columns.includes(column) ? [...columns, column] : columns;
    const where = { ...(wanted && { columns: wanted }), ...(start.inner !== null && { from: start.inner }) };
    const progress = new Progress(start);
    let held: Table | undefined;
    for await (const reading of table.read({ ...options, ...where, everyShard: true })) {
      const { rows, rejected } = progress.fresh(reading);
      const all = held ? joinTables(held, rows) : rows;
      const texts = textsOf(all, column);
      const last = lastEntity(texts);
      const end = all.rows - last > mostRows ? all.rows : last;
      yield* handOn(sliceTable(all, 0, end), texts, rejected, progress, shard);
      held = end < all.rows ? sliceTable(all, end, all.rows) : undefined;
    }
    if (held) yield* handOn(held, textsOf(held, column), [], progress, shard);
  }

  return {
    name,
    replayable: table.replayable,
    columns: (signal) => table.columns(signal),
    ...(table.files && { files: () => table.files?.() as Promise<readonly string[]> }),
    // How many rows a shard's entities have is known when they were read.
    ...(countRows && shard === undefined && { countRows: countRows.bind(table) }),
    read,
  };
}

function textsOf(table: Table, column: string): readonly (string | null)[] {
  return textOfRows(table.columns.get(column) as RawColumn, table.rows, column, new Faults(table.rows));
}

/** Where the last entity begins; a row without a text is one of its own. */
function lastEntity(texts: readonly (string | null)[]): number {
  let row = texts.length - 1;
  if (row < 0 || texts[row] === null) return texts.length;
  while (row > 0 && texts[row - 1] === texts[row]) row--;
  return row;
}

/** Entities of a table, those of a shard: in several tables where two of one text would come together that were apart. */
function* handOn(
  table: Table,
  texts: readonly (string | null)[],
  rejected: TableReading['rejected'],
  progress: Progress,
  shard: Shard | undefined,
): Generator<TableReading> {
  const own = rejected.filter(({ issue }) => isInShard(shard, 0, hashText(issue.where) >>> 0));
  const parts: { readonly rows: number[]; end: number }[] = [{ rows: [], end: 0 }];
  for (let row = 0; row < table.rows; row++) {
    const text = texts[row] ?? null;
    const hash = text === null ? (table.keys[row] as number) : hashText(text);
    let part = parts.at(-1) as (typeof parts)[number];
    if (isInShard(shard, 0, hash >>> 0)) {
      const before = part.rows.at(-1);
      if (before !== undefined && before < row - 1 && text !== null && texts[before] === text) {
        part = { rows: [], end: row };
        parts.push(part);
      }
      part.rows.push(row);
    }
    part.end = row + 1;
  }
  let from = 0;
  for (const [at, { rows, end }] of parts.entries()) {
    const position = progress.take(end - from, at === 0 ? rejected.length : 0);
    from = end;
    const found = at === 0 ? own : [];
    if (rows.length === 0 && found.length === 0) continue;
    const isAll = rows.length === table.rows;
    yield { table: isAll ? table : pickTable(table, rows), rejected: found, position };
  }
}

/** Counts what was handed on, against the positions of the medium. */
class Progress {
  #inner: Position;
  #rows: number;
  #rejected: number;
  readonly #skip: { rows: number; rejected: number };
  /** What was read after the position. */
  readonly #readings: { readonly rows: number; readonly rejected: number; readonly position: Position }[] = [];

  constructor({ inner, rows, rejected }: EntityPosition) {
    this.#inner = inner as Position;
    this.#rows = rows;
    this.#rejected = rejected;
    this.#skip = { rows, rejected };
  }

  /** What of a reading was not handed on before. */
  fresh({ table, rejected, position }: TableReading): {
    readonly rows: Table;
    readonly rejected: TableReading['rejected'];
  } {
    this.#readings.push({ rows: table.rows, rejected: rejected.length, position });
    const skip = this.#skip;
    const first = { rows: Math.min(skip.rows, table.rows), rejected: Math.min(skip.rejected, rejected.length) };
    skip.rows -= first.rows;
    skip.rejected -= first.rejected;
    return { rows: sliceTable(table, first.rows, table.rows), rejected: rejected.slice(first.rejected) };
  }

  /** So many more are handed on. @returns the position after them */
  take(rows: number, rejected: number): Position {
    this.#rows += rows;
    this.#rejected += rejected;
    for (let [next] = this.#readings; next; [next] = this.#readings) {
      if (next.rows > this.#rows || next.rejected > this.#rejected) break;
      this.#inner = next.position;
      this.#rows -= next.rows;
      this.#rejected -= next.rejected;
      this.#readings.shift();
    }
    return { inner: this.#inner, rows: this.#rows, rejected: this.#rejected };
  }
}

function positionOf(from: unknown, name: string): EntityPosition {
  if (from === undefined) return { inner: null, rows: 0, rejected: 0 };
  const parsed = positionSchema.safeParse(from);
  if (parsed.success) return parsed.data;
  const expected = 'a position of entities: { inner, rows, rejected }';
  throw new SourceError({ where: name, expected, found: formatValue(from) });
}
