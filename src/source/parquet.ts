import type { DuckDBConnection } from '@duckdb/node-api';
import { z } from 'zod';
import { SourceError } from '../core/error.ts';
import { quote } from '../core/format.ts';
import { plugin } from '../core/plugin.ts';
import type { SourceContext } from './context.ts';
import { sqlSource } from './duckdb/source.ts';
import { exactPath } from './duckdb/text.ts';
import { fileFields, sqlFields } from './file/fields.ts';
import type { TableSource } from './source.ts';

/** Rows of Parquet files. Reading goes on in the middle of a file at the row group that holds the row. */
export const parquet = plugin({
  type: 'parquet',
  summary: 'Rows of Parquet files.',
  fields: z.object({ ...fileFields, ...sqlFields }),
  main: 'path',
  example: { path: 'data/assay-*.parquet', columns: 'fp|NR-*|SR-*', where: 'fp IS NOT NULL' },
  build: (config, context: SourceContext): TableSource =>
    sqlSource(config, context, {
      name: 'a Parquet file',
      relation: (path) => ({ from: `read_parquet(${exactPath(path)})`, row: 'file_row_number' }),
      check: refuseDuplicates,
      count: (path) => `SELECT sum(num_rows) FROM parquet_file_metadata(${exactPath(path)})`,
    }),
});

/** DuckDB would give the second of two columns another name. Capitals don't count. */
async function refuseDuplicates(connection: DuckDBConnection, path: string): Promise<void> {
  const query = `SELECT name, coalesce(num_children, 0)::INTEGER FROM parquet_schema(${exactPath(path)})`;
  const nodes = (await connection.runAndReadAll(query)).getRows() as [string, number][];
  const names: string[] = [];
  // Nodes stand before their children. The first is the root.
  for (let at = 1; at < nodes.length; ) {
    names.push((nodes[at] as [string, number])[0]);
    for (let open = 1; open > 0; at++) open += (nodes[at]?.[1] ?? 0) - 1;
  }
  // DuckDB gives a row's number under this name.
  const seen = new Set(['file_row_number']);
  for (const name of names) {
    const key = name.toLowerCase();
    if (seen.has(key))
      throw new SourceError({
        where: path,
        expected: "columns with names of their own, capitals aside, none of them 'file_row_number'",
        found: `${quote(name)}${key === 'file_row_number' ? '' : ', twice'}`,
      });
    seen.add(key);
  }
}
