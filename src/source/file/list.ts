import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Issue, MissingFileError } from '../../core/error.ts';
import { quote } from '../../core/format.ts';

/** The files that a pattern with `*`, `?`, `**` or `[…]` means, in any order. */
export type Glob = (pattern: string) => Promise<readonly string[]>;

/**
 * Absolute paths of the files that `paths` name: in the order of the list, those of one pattern by name, none twice.
 * @param folder where relative paths begin
 * @throws MissingFileError naming `where`, for every path that names no file
 */
export async function listFiles(
  paths: readonly string[],
  folder: string,
  where: string,
  glob: Glob,
): Promise<readonly string[]> {
  const files = new Set<string>();
  const issues: Issue[] = [];
  for (const path of paths) {
    const absolute = resolve(folder, path);
    // A file whose name has such characters is meant by its name.
    const isPattern = !existsSync(absolute) && /[*?[]/.test(path);
    if (statSync(absolute, { throwIfNoEntry: false })?.isDirectory()) {
      issues.push({
        where,
        expected: 'a file',
        found: `a folder, ${quote(absolute)}`,
        hint: `the files in it: ${quote(join(path, '*'))}`,
      });
      continue;
    }
    const found = isPattern ? [...(await glob(absolute))].sort() : existsSync(absolute) ? [absolute] : [];
    if (found.length === 0)
      issues.push({ where, expected: isPattern ? 'files like this' : 'a file', found: `none at ${quote(absolute)}` });
    for (const file of found) files.add(file);
  }
  if (issues.length > 0) throw new MissingFileError(issues);
  return [...files];
}
