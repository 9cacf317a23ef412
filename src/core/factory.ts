import type { AnyPlugin, ConfigOf, Family } from './plugin.ts';

/** What a user writes for a plugin besides its type. */
type OptionsOf<P extends AnyPlugin> = Omit<ConfigOf<P>, 'type'>;

/** Makes a member's configuration: its options may be left out when it needs none. */
export type Factory<P extends AnyPlugin> =
  Record<never, never> extends OptionsOf<P>
    ? (options?: OptionsOf<P>) => ConfigOf<P>
    : (options: OptionsOf<P>) => ConfigOf<P>;

/** A factory for each member, by its type. */
export type Factories<P extends AnyPlugin> = { readonly [Type in P['type']]: Factory<Extract<P, { type: Type }>> };

/**
 * Functions that write configurations of a family, for programs: `adam({ learningRate: 1e-3 })` is
 * `{ type: 'adam', learningRate: 1e-3 }`. Each throws a ConfigError with everything that is wrong with its options.
 */
export function factoriesOf<P extends AnyPlugin>(family: Family<P>): Factories<P> {
  const made = family.types.map((type) => [
    type,
    (options: object = {}) => {
      const config = { ...options, type };
      family.parse(config, type);
      return { type, ...options };
    },
  ]);
  return Object.fromEntries(made) as Factories<P>;
}
