import type { DuckDBInstance } from '@duckdb/node-api';
import { placeOf } from '../../core/config.ts';
import type { SourceContext } from '../context.ts';
import { listFiles } from '../file/list.ts';
import type { Shard } from '../file/row.ts';
import { fileSource } from '../file/source.ts';
import type { TableSource } from '../source.ts';
import { glob, openFor } from './database.ts';
import { type QueryFormat, queryReader } from './reader.ts';

/** Checked options of a source of files that DuckDB reads. */
export interface SqlConfig {
  readonly path: readonly string[];
  readonly columns?: readonly string[] | undefined;
  readonly shard?: Shard | undefined;
  readonly chunkRows: number;
  readonly where?: string | undefined;
  readonly derive: Readonly<Record<string, string>>;
}

/** A source of files that DuckDB reads. Nothing is opened before it is first asked. */
export function sqlSource(config: SqlConfig, context: SourceContext, format: QueryFormat): TableSource {
  const { columns, shard, chunkRows, where, derive } = config;
  const place = (path: readonly string[]): string => placeOf(path, context.where ?? context.name);
  let files: Promise<readonly string[]> | undefined;
  const list = (): Promise<readonly string[]> => {
    files ??= listFiles(config.path, context.folder ?? '.', place(['path']), glob);
    return files;
  };
  let instance: Promise<DuckDBInstance> | undefined;
  const database = (): Promise<DuckDBInstance> => {
    instance ??= list().then(openFor);
    return instance;
  };
  const reader = queryReader(database, format, { where, derive, chunkRows, placeOf: place });
  return fileSource({ name: context.name, placeOf: place, files: list, reader, shard, columns });
}
