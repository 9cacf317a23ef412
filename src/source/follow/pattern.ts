import { existsSync, statSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { SourceError } from '../../core/error.ts';
import { quote } from '../../core/format.ts';

/** Files of a folder, also those that are not there yet. */
export interface WatchedFolder {
  /** Absolute. */
  readonly path: string;
  /** Whether files may lie in folders inside of it. */
  readonly isDeep: boolean;
  /** Whether a file is meant, by its path inside of the folder with `/` between names. */
  matches(name: string): boolean;
}

/**
 * What `path` means while it is watched: a folder, or files in one by a pattern with `*`, `?`, `**` or `[…]`. Names that
 * begin with a dot are never meant: so are files called that are still being written.
 * @param folder where relative paths begin
 * @throws SourceError when it is a file
 */
export function watchedFolder(path: string, folder: string, where: string): WatchedFolder {
  const absolute = resolve(folder, path);
  const isThere = existsSync(absolute);
  if (isThere && !statSync(absolute).isDirectory())
    throw new SourceError({
      where,
      expected: 'a folder, or a pattern of the files in one, as it is to be followed',
      found: `a file, ${quote(absolute)}`,
      hint: "of a file that grows, type: tail reads the lines that are added; of a folder, name the files by a pattern: 'incoming/*.parquet'",
    });
  const parts = absolute.split(sep);
  const first = isThere ? -1 : parts.findIndex((part) => /[*?[]/.test(part));
  if (first === -1) return { path: absolute, isDeep: false, matches: (name) => !isHidden(name) };
  const pattern = parts.slice(first).join('/');
  const expression = expressionOf(pattern);
  return {
    path: join(parts.slice(0, first).join(sep) || sep),
    isDeep: first < parts.length - 1 || pattern.includes('**'),
    matches: (name) => !isHidden(name) && expression.test(name),
  };
}

function isHidden(name: string): boolean {
  return name.split('/').some((part) => part.startsWith('.'));
}

/** `**` stands for any folders, also none; `*` for any text in one name, `?` for a character, `[…]` for one of several. */
export function expressionOf(pattern: string): RegExp {
  const text = pattern.replace(/\*\*\/|\*\*|\*|\?|\[[^\]/]+\]|[.+^${}()|[\]\\]/g, (found) => {
    if (found === '**/') return '(?:.*/)?';
    if (found === '**') return '.*';
    if (found === '*') return '[^/]*';
    if (found === '?') return '[^/]';
    if (found.startsWith('[') && found.length > 1)
      return `[${found.slice(1, -1).replace(/^!/, '^').replaceAll('\\', '\\\\')}]`;
    return `\\${found}`;
  });
  return new RegExp(`^${text}$`, 's');
}
