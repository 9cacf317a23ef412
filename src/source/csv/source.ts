import type { SourceContext } from '../context.ts';
import type { SqlConfig } from '../duckdb/source.ts';
import { fileSource } from '../file/source.ts';
import type { TableSource } from '../source.ts';
import type { CsvFormat } from './format.ts';
import { csvReader } from './reader.ts';

/** Checked options of files of lines with fields. */
export type CsvConfig = SqlConfig & Omit<CsvFormat, 'names'> & { readonly names?: readonly string[] | undefined };

/** A source of files of lines with fields. */
export function csvSource(config: CsvConfig, context: SourceContext): TableSource {
  const format: CsvFormat = { ...config, names: config.names };
  return fileSource(config, context, ({ placeOf }) =>
    csvReader(format, { where: config.where, derive: config.derive, placeOf }),
  );
}
