import type { DuckDBInstance } from '@duckdb/node-api';
import type { SourceContext } from '../context.ts';
import { type FileConfig, fileSource } from '../file/source.ts';
import type { TableSource } from '../source.ts';
import { openFor } from './database.ts';
import { type QueryFormat, queryReader } from './reader.ts';

/** Checked options of a source of files of whose rows SQL may choose. */
export interface SqlConfig extends FileConfig {
  readonly where?: string | undefined;
  readonly derive: Readonly<Record<string, string>>;
}

/** A source of files that DuckDB reads by itself. */
export function sqlSource(config: SqlConfig, context: SourceContext, format: QueryFormat): TableSource {
  return fileSource(config, context, ({ reach, placeOf }) => {
    let instance: Promise<DuckDBInstance> | undefined;
    const database = (): Promise<DuckDBInstance> => {
      instance ??= reach().then(({ files, folders }) => openFor(files, folders));
      return instance;
    };
    return queryReader(database, format, { where: config.where, derive: config.derive, placeOf });
  });
}
