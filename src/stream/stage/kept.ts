import { ConfigError } from '../../core/error.ts';

/** What an interpreter knows of something. @throws ConfigError when it is of another batch */
export function known<T>(found: T | undefined): T {
  if (found !== undefined) return found;
  throw new ConfigError({
    where: 'selector',
    expected: 'activations and losses of the batch at hand',
    found: 'one that was kept from another batch',
    hint: 'share, shareReplay and the like are for what does not depend on the batch',
  });
}
