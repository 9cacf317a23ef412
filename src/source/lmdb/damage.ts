import { ConfigError } from '../../core/error.ts';

/** What is said of a file that can't be followed. */
export class Damage extends Error {}

/** A store that can't be gone on with. */
export const damaged = (where: string, found: string): ConfigError =>
  new ConfigError({
    where,
    expected: 'the store as it was written',
    found: `a damaged one: ${found}`,
    hint: 'put it back from a copy, or move its folder away: what it held is lost then',
  });
