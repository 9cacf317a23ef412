import { extname } from 'node:path';
import { ConfigError } from '../core/error.ts';
import { formatValue, oneOf } from '../core/format.ts';

/** Media by the extensions of their files. */
const media: Readonly<Record<string, string>> = {
  '.parquet': 'parquet',
  '.csv': 'csv',
  '.tsv': 'tsv',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.arrow': 'arrow',
  '.feather': 'arrow',
};

/**
 * The source that reads a file, by its name.
 * @param where what named the file, for errors
 * @throws ConfigError when none does
 */
export function mediumOf(path: string, where: string): string {
  const extension = extname(path.replace(/\.gz$/, '')).toLowerCase();
  const type = media[extension];
  if (type !== undefined) return type;
  throw new ConfigError({
    where,
    expected: `a file that ends in ${oneOf(Object.keys(media))}`,
    found: formatValue(path),
  });
}
