import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { FileReader, Scanned, ScanOptions } from '../file/reader.ts';
import type { TableColumn } from '../source.ts';
import { connected } from './database.ts';
import { type Choice, columnsOf, type Relation, rowName, select } from './query.ts';

/** A format whose files DuckDB reads by itself. */
export interface QueryFormat {
  /** What a file of it is called: `a Parquet file`. */
  readonly name: string;
  /** Rows of a file, with their numbers from 0. */
  relation(path: string): Relation;
  /** Refuses what DuckDB would take. */
  check(connection: DuckDBConnection, path: string): Promise<void>;
  /** A query that counts a file's rows without reading them. */
  count(path: string): string;
}

/** Reads files by SQL. @param database the locked instance that may read them */
export function queryReader(database: () => Promise<DuckDBInstance>, format: QueryFormat, choice: Choice): FileReader {
  async function* look(connection: DuckDBConnection, path: string): AsyncGenerator<readonly TableColumn[]> {
    const columns = await columnsOf(connection, format.relation(path), choice, path);
    await format.check(connection, path);
    yield columns;
  }

  async function* counted(connection: DuckDBConnection, path: string): AsyncGenerator<number> {
    yield Number((await connection.runAndReadAll(format.count(path))).getRows()[0]?.[0] ?? 0);
  }

  async function* rowsOf(connection: DuckDBConnection, path: string, scan: ScanOptions): AsyncGenerator<Scanned> {
    const { file, from, shard, columns } = scan;
    const conditions = [
      from > 0 ? [`${rowName} >= ${from}`] : [],
      shard === undefined ? [] : [`(${rowName} + ${file}) % ${shard.of} = ${shard.part - 1}`],
    ].flat();
    for await (const rows of select(connection, format.relation(path), choice, columns, conditions))
      yield { ...rows, rejected: [], next: { row: (rows.rows.at(-1) as number) + 1 } };
  }

  const open = <Value>(
    path: string,
    signal: AbortSignal | undefined,
    use: (connection: DuckDBConnection) => AsyncGenerator<Value>,
  ): AsyncGenerator<Value> => connected(database, { where: path, expected: format.name }, signal, use);

  return {
    columns: (path, signal) => first(open(path, signal, (connection) => look(connection, path))),
    ...(choice.where === undefined && {
      countRows: (path, signal) => first(open(path, signal, (connection) => counted(connection, path))),
    }),
    scan: (path, scan) => open(path, scan.signal, (connection) => rowsOf(connection, path, scan)),
  };
}

async function first<Value>(values: AsyncIterable<Value>): Promise<Value> {
  for await (const value of values) return value;
  throw new Error('a query that always answers did not');
}
