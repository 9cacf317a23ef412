import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';

/** What a sink of this type has written, row by row, as DuckDB and plain JSON read it. */
export async function readBack(type: string, path: string): Promise<readonly Record<string, unknown>[]> {
  if (type === 'ndjson') return linesOf(path);
  if (type === 'csv')
    return existsSync(path) && readFileSync(path).length > 0
      ? query(`read_csv('${path}', header = true, allow_quoted_nulls = false)`)
      : [];
  return readdirSync(path).some((name) => name.endsWith('.parquet')) ? query(`read_parquet('${path}/*.parquet')`) : [];
}

export function linesOf(path: string): readonly Record<string, unknown>[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

const instance = DuckDBInstance.create(':memory:', { threads: '1' });

export async function query(from: string): Promise<readonly Record<string, unknown>[]> {
  const connection = await (await instance).connect();
  try {
    const reader = await connection.runAndReadAll(`SELECT * FROM ${from}`);
    return reader.getRowObjectsJson() as Record<string, unknown>[];
  } finally {
    connection.closeSync();
  }
}
