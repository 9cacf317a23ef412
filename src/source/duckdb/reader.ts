import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { ConfigError, SourceError, TrunklineError } from '../../core/error.ts';
import { quote } from '../../core/format.ts';
import type { RawColumn } from '../../core/table.ts';
import { slice } from '../file/row.ts';
import type { FileReader, Scanned, ScanOptions } from '../file/source.ts';
import type { TableColumn } from '../source.ts';
import { connect } from './database.ts';
import { checkExpression } from './expression.ts';
import { identifier, messageOf } from './text.ts';
import { readerOf } from './type.ts';
import { columnOf } from './vector.ts';

/** A format that DuckDB reads. */
export interface QueryFormat {
  /** What a file of it is called: `a Parquet file`. */
  readonly name: string;
  /** The table function that reads a file, and the expression that gives a row's number in the file, from 0. */
  relation(path: string): { readonly from: string; readonly row: string };
  /** Refuses what DuckDB would take. */
  check?(connection: DuckDBConnection, path: string): Promise<void>;
  /** A query that counts a file's rows without reading them. */
  count?(path: string): string;
}

export interface QueryOptions {
  readonly where: string | undefined;
  readonly derive: Readonly<Record<string, string>>;
  readonly chunkRows: number;
  /** The place of an option, for errors. */
  readonly placeOf: (option: readonly string[]) => string;
}

/** The name of the row's number inside of queries. */
const rowName = '__trunkline_row';

/** Reads files by SQL. @param database the locked instance that may read them */
export function queryReader(
  database: () => Promise<DuckDBInstance>,
  format: QueryFormat,
  { where, derive, chunkRows, placeOf }: QueryOptions,
): FileReader {
  /** All columns, computed ones after the file's own, and the row's number. */
  const everything = (path: string): string => {
    const { from, row } = format.relation(path);
    const computed = Object.entries(derive).map(([name, expression]) => `(\n${expression}\n) AS ${identifier(name)}`);
    return `SELECT ${['*', ...computed, `${row} AS ${rowName}`].join(', ')} FROM ${from}`;
  };

  /** Does something with a connection of its own; what fails because it was interrupted fails with the signal's reason. */
  async function* connected<Value>(
    path: string,
    signal: AbortSignal | undefined,
    use: (connection: DuckDBConnection) => AsyncIterable<Value>,
  ): AsyncGenerator<Value> {
    const { connection, close } = await connect(await database(), signal);
    try {
      yield* use(connection);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof TrunklineError) throw error;
      throw new SourceError({ where: path, expected: format.name, found: messageOf(error) }, { cause: error });
    } finally {
      close();
    }
  }

  async function* look(connection: DuckDBConnection, path: string): AsyncGenerator<readonly TableColumn[]> {
    const { from } = format.relation(path);
    const own = await describe(connection, `SELECT * FROM ${from}`);
    await format.check?.(connection, path);
    const taken = Object.keys(derive).filter((name) => own.some((column) => sameName(column.name, name)));
    if (taken.length > 0)
      throw new ConfigError(
        taken.map((name) => ({
          where: placeOf(['derive', name]),
          expected: 'a name that no column has',
          found: `column ${quote(name)} in ${path}`,
        })),
      );
    for (const [name, expression] of Object.entries(derive))
      await checkExpression(connection, expression, from, placeOf(['derive', name]));
    const all = everything(path);
    if (where !== undefined) await checkExpression(connection, where, `(${all})`, placeOf(['where']));
    yield (await describe(connection, all)).slice(0, -1);
  }

  async function* rowsOf(connection: DuckDBConnection, path: string, scan: ScanOptions): AsyncGenerator<Scanned> {
    const { file, from, shard, columns } = scan;
    const values = columns.map(({ name, type }) => readerOf(type).expression(identifier(name)));
    const conditions = [
      from > 0 ? `${rowName} >= ${from}` : [],
      shard === undefined ? [] : `(${rowName} + ${file}) % ${shard.of} = ${shard.part - 1}`,
      where === undefined ? [] : `(\n${where}\n)`,
    ].flat();
    const filter = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
    const query = `SELECT ${[...values, `${rowName}::DOUBLE`].join(', ')} FROM (${everything(path)})${filter}`;
    const result = await connection.stream(query);
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return;
      const read = new Map(columns.map(({ name, kind }, at) => [name, columnOf(chunk.getColumnVector(at), kind)]));
      const rows = columnOf(chunk.getColumnVector(columns.length), 'number') as RawColumn & { kind: 'number' };
      yield* inParts(read, rows.values as Float64Array, chunkRows);
    }
  }

  async function* counted(connection: DuckDBConnection, query: string): AsyncGenerator<number> {
    yield Number((await connection.runAndReadAll(query)).getRows()[0]?.[0] ?? 0);
  }

  const known = new Map<string, Promise<readonly TableColumn[]>>();
  const { count } = format;
  return {
    columns: (path, signal) => {
      const found = known.get(path) ?? first(connected(path, signal, (connection) => look(connection, path)));
      known.set(path, found);
      found.catch(() => known.delete(path));
      return found;
    },
    ...(count !== undefined &&
      where === undefined && {
        countRows: (path: string, signal?: AbortSignal) =>
          first(connected(path, signal, (connection) => counted(connection, count(path)))),
      }),
    scan: (path, scan) => connected(path, scan.signal, (connection) => rowsOf(connection, path, scan)),
  };
}

/** The types of a query's columns. */
async function describe(connection: DuckDBConnection, query: string): Promise<readonly TableColumn[]> {
  const reader = await connection.runAndReadAll(`DESCRIBE ${query}`);
  return reader.getRows().map(([name, type]) => {
    const text = String(type);
    return { name: String(name), kind: readerOf(text).kind, type: text };
  });
}

/** Column names differ for SQL when they differ by more than capitals. */
function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

async function first<Value>(values: AsyncIterable<Value>): Promise<Value> {
  for await (const value of values) return value;
  throw new Error('a query that always answers did not');
}

/** Rows in tables of at most `chunkRows`. */
function* inParts(columns: ReadonlyMap<string, RawColumn>, rows: Float64Array, chunkRows: number): Generator<Scanned> {
  for (let start = 0; start < rows.length; start += chunkRows) {
    const end = Math.min(start + chunkRows, rows.length);
    const isWhole = end - start === rows.length;
    yield {
      columns: isWhole ? columns : new Map([...columns].map(([name, column]) => [name, slice(column, start, end)])),
      rows: rows.subarray(start, end),
      rejected: [],
      next: (rows[end - 1] as number) + 1,
    };
  }
}
