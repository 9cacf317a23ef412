import { ConfigError, SourceError } from '../../core/error.ts';
import { quote } from '../../core/format.ts';
import { matchNames, unmatched, unmatchedIn } from '../../core/pattern.ts';
import type { TableColumn } from '../source.ts';

/**
 * The columns of a file that are offered: all, or those that patterns mean.
 * @throws ConfigError when a pattern means none
 */
export function offeredOf(
  all: readonly TableColumn[],
  patterns: readonly string[] | undefined,
  where: string,
): readonly TableColumn[] {
  if (patterns === undefined) return all;
  const names = all.map((column) => column.name);
  const issues = patterns.flatMap((pattern) => unmatchedIn(where, pattern, 'column', names));
  if (issues.length > 0) throw new ConfigError(issues);
  const meant = new Set(patterns.flatMap((pattern) => matchNames(pattern, names)));
  return all.filter((column) => meant.has(column.name));
}

/** The wanted columns of a file, in the order in which they are wanted. They are of the kinds they have in the first file. */
export function choose(
  columns: readonly TableColumn[],
  wanted: readonly string[],
  first: readonly TableColumn[],
  path: string,
): readonly TableColumn[] {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const missing = wanted.filter((name) => !byName.has(name));
  if (missing.length > 0)
    throw new SourceError(missing.map((name) => unmatched(path, name, 'column', [...byName.keys()])));
  const chosen = wanted.map((name) => byName.get(name) as TableColumn);
  const kinds = new Map(first.map(({ name, kind }) => [name, kind]));
  const different = chosen.filter(({ name, kind }) => (kinds.get(name) ?? kind) !== kind);
  if (different.length > 0)
    throw new SourceError(
      different.map(({ name, kind, type }) => ({
        where: path,
        expected: `column ${quote(name)} to be of kind '${kinds.get(name)}', as in the first file`,
        found: `'${kind}' (${type})`,
      })),
    );
  return chosen;
}
