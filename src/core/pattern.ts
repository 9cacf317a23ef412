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
  const alternatives = alternativesOf(pattern);
  const wanted = alternatives.filter((part) => !part.startsWith('!')).map(expressionOf);
  const unwanted = alternatives.filter((part) => part.startsWith('!')).map((part) => expressionOf(part.slice(1)));
  return names.filter(
    (name) =>
      (wanted.length === 0 || wanted.some((expression) => expression.test(name))) &&
      !unwanted.some((expression) => expression.test(name)),
  );
}

/**
 * The issues of a pattern that means none of `names`, or in which a name is written out that is not among them: it would
 * be left out, and nobody told. An alternative with `*` or `?` may mean none.
 */
export function unmatchedIn(where: string, pattern: string, what: string, names: readonly string[]): readonly Issue[] {
  if (names.includes(pattern)) return [];
  const missing = alternativesOf(pattern).filter((part) => !/^!|[*?]/.test(part) && !names.includes(part));
  if (missing.length > 0) return missing.map((part) => unmatched(where, part, what, names));
  return matchNames(pattern, names).length === 0 ? [unmatched(where, pattern, what, names)] : [];
}

/** The issue of a name or a pattern that means none of `names`. */
export function unmatched(where: string, pattern: string, what: string, names: readonly string[]): Issue {
  const listed = names.slice(0, 12).map(quote).join(', ');
  const found = names.length === 0 ? 'none' : `${listed}${names.length > 12 ? `, … (${names.length} in all)` : ''}`;
  return { where, expected: `a ${what} ${quote(pattern)}`, found, ...didYouMean(pattern, names) };
}

const alternativesOf = (pattern: string): readonly string[] => pattern.split('|').map((part) => part.trim());

function expressionOf(part: string): RegExp {
  const escaped = part.replace(/[.+^${}()[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}
