import { closestMatch } from 'leven';

/** The choice that `name` was probably meant to be, by edit distance without regard to case; undefined when none is close. */
export function suggest(name: string, choices: readonly string[]): string | undefined {
  const maxDistance = name.length <= 2 ? 0 : name.length === 3 ? 1 : Math.max(2, Math.floor(name.length / 3));
  const lowerCase = choices.map((choice) => choice.toLowerCase());
  const wanted = name.toLowerCase();
  const closest =
    closestMatch(wanted, lowerCase, { maxDistance }) ?? lowerCase.find((choice) => isMixedUp(wanted, choice));
  return closest === undefined ? undefined : choices[lowerCase.indexOf(closest)];
}

/** Whether two names have the same letters, of which two neighbours changed places: `cvs` for `csv`. */
function isMixedUp(one: string, other: string): boolean {
  const at = Array.from(one).findIndex((letter, place) => letter !== other[place]);
  return at !== -1 && one === other.slice(0, at) + other[at + 1] + other[at] + other.slice(at + 2);
}

/** The hint of an issue about a misspelt name: spread it into the issue. Empty when no choice is close. */
export function didYouMean(name: string, choices: readonly string[]): { readonly hint?: string } {
  const closest = suggest(name, choices);
  return closest === undefined ? {} : { hint: `did you mean '${closest}'?` };
}
