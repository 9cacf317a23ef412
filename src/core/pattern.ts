import type { Issue } from './error.ts';
import { quote } from './format.ts';
import { didYouMean } from './suggest.ts';

/**
 * The names that a pattern means: `NR-*|SR-*` are those that begin so, in their own order. `*` stands for any text, `?`
 * for one character, `|` parts alternatives, and one that begins with `!` takes names away again. A name that is written
 * as the pattern is means itself, whatever characters it has.
 */
export function matchNames(pattern: string, names: readonly string[]): readonly string[] {
  if (names.includes(pattern)) return [pattern];
  const alternatives = pattern.split('|').map((part) => part.trim());
  const wanted = alternatives.filter((part) => !part.startsWith('!')).map(expressionOf);
  const unwanted = alternatives.filter((part) => part.startsWith('!')).map((part) => expressionOf(part.slice(1)));
  return names.filter(
    (name) =>
      (wanted.length === 0 || wanted.some((expression) => expression.test(name))) &&
      !unwanted.some((expression) => expression.test(name)),
  );
}

/** The issue of a pattern that means none of `names`. */
export function unmatched(where: string, pattern: string, what: string, names: readonly string[]): Issue {
  const listed = names.slice(0, 12).map(quote).join(', ');
  const found = names.length === 0 ? 'none' : `${listed}${names.length > 12 ? `, … (${names.length} in all)` : ''}`;
  return { where, expected: `a ${what} ${quote(pattern)}`, found, ...didYouMean(pattern, names) };
}

function expressionOf(part: string): RegExp {
  const escaped = part.replace(/[.+^${}()[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}
