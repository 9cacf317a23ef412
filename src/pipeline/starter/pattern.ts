import { matchNames } from '../../core/pattern.ts';

/** Patterns longer than this are worth a shorter one. */
const longPattern = 60;

/** Whether a name can stand in a pattern with others, as itself. */
export const isPlain = (name: string): boolean => !/[|*?!]|^\s|\s$|^$/.test(name);

/**
 * A pattern that means these names and no others of `all`: the names themselves while they are few, what they begin with
 * where that is enough, or all but the others.
 */
export function patternFor(names: readonly string[], all: readonly string[]): string {
  const listed = names.join('|');
  if (names.length === 1 || listed.length <= longPattern) return listed;
  const others = all.filter((name) => !names.includes(name));
  const candidates = [
    ...(others.length === 0 ? ['*'] : []),
    `${commonStart(names)}*`,
    [...new Set(names.map((name) => `${/^[A-Za-z]+[-_ .]?/.exec(name)?.[0] ?? name}*`))].join('|'),
    ...(others.every(isPlain) ? [others.map((name) => `!${name}`).join('|')] : []),
  ];
  const fits = (pattern: string): boolean => {
    const meant = matchNames(pattern, all);
    return meant.length === names.length && meant.every((name) => names.includes(name));
  };
  return candidates.filter((pattern) => pattern.length < listed.length && fits(pattern)).sort(byLength)[0] ?? listed;
}

const byLength = (a: string, b: string): number => a.length - b.length;

function commonStart([first = '', ...others]: readonly string[]): string {
  let length = first.length;
  while (!others.every((name) => name.startsWith(first.slice(0, length)))) length--;
  return first.slice(0, length);
}
