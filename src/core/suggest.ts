import { closestMatch } from 'leven';

/** The choice that `name` was probably meant to be, by edit distance without regard to case; undefined when none is close. */
export function suggest(name: string, choices: readonly string[]): string | undefined {
  const maxDistance = name.length <= 2 ? 0 : name.length === 3 ? 1 : Math.max(2, Math.floor(name.length / 3));
  const lowerCase = choices.map((choice) => choice.toLowerCase());
  const closest = closestMatch(name.toLowerCase(), lowerCase, { maxDistance });
  return closest === undefined ? undefined : choices[lowerCase.indexOf(closest)];
}

/** The hint of an issue about a misspelt name: spread it into the issue. Empty when no choice is close. */
export function didYouMean(name: string, choices: readonly string[]): { readonly hint?: string } {
  const closest = suggest(name, choices);
  return closest === undefined ? {} : { hint: `did you mean '${closest}'?` };
}
