import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import { ConfigError, MissingFileError } from '../core/error.ts';
import { formatValue, oneOf, quote } from '../core/format.ts';
import { didYouMean } from '../core/suggest.ts';

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
 * The source that reads a file, or files of a pattern, by the name.
 * @param where what named the file, for errors
 * @throws ConfigError when none does, or there is no such file
 */
export function mediumOf(path: string, where: string): string {
  const extension = extname(path.replace(/\.gz$/, '')).toLowerCase();
  const type = media[extension];
  if (type === undefined)
    throw new ConfigError({
      where,
      expected: `a file that ends in ${oneOf(Object.keys(media))}`,
      found: formatValue(path),
    });
  if (!existsSync(path) && !/[*?[]/.test(path))
    throw new MissingFileError({
      where,
      expected: 'a file',
      found: `none at ${quote(resolve(path))}`,
      ...didYouMean(basename(path), existsSync(dirname(path)) ? readdirSync(dirname(path)) : []),
    });
  return type;
}
