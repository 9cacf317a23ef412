import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { SourceError, TrunklineError } from '../../core/error.ts';
import { quote } from '../../core/format.ts';
import type { FileReader } from '../file/reader.ts';
import type { TableColumn } from '../source.ts';
import type { WatchedFolder } from './pattern.ts';

export interface FirstColumnsOptions {
  readonly reader: FileReader;
  /** Those that an earlier process read. */
  readonly before: readonly TableColumn[] | undefined;
  /** A file that is there to say them. */
  readonly example: string | undefined;
  readonly folder: WatchedFolder;
  readonly where: (option: readonly string[]) => string;
  readonly signal: AbortSignal | undefined;
}

/**
 * The columns of files that may not have come yet: as they were before a restart, or those of the example, of the first
 * file that can be read, or those that options name.
 * @throws SourceError when nothing says them
 */
export async function firstColumns(options: FirstColumnsOptions): Promise<readonly TableColumn[]> {
  const { reader, before, example, folder, where, signal } = options;
  if (before) {
    reader.adopt?.(before);
    return before;
  }
  if (example !== undefined) {
    const columns = await reader.columns(example, signal);
    reader.forget?.(example);
    return columns;
  }
  const failures: TrunklineError[] = [];
  for (const path of await present(folder))
    try {
      return await reader.columns(path, signal);
    } catch (error) {
      if (!(error instanceof TrunklineError)) throw error;
      failures.push(error);
    }
  const declared = await reader.declared?.(signal);
  if (declared) return declared;
  const [failure] = failures;
  if (failure) throw failure;
  throw new SourceError({
    where: where(['path']),
    expected: 'a first file, which says what the columns are',
    found: `none in ${quote(folder.path)}`,
    hint: 'name a file that is like those to come: follow: { columnsFrom: example.parquet }',
  });
}

/** The files that are there, by name; none when the folder is away. */
async function present({ path, isDeep, matches }: WatchedFolder): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true, recursive: isDeep }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(path, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .filter(matches)
    .sort()
    .map((name) => join(path, name));
}
