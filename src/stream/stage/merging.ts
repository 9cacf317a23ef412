import { ConfigError, type Issue } from '../../core/error.ts';
import { formatValue, oneOf } from '../../core/format.ts';
import { didYouMean } from '../../core/suggest.ts';
import { type MergeConfig, merges } from '../../merge/index.ts';
import { typed } from '../../model/index.ts';

/** The sum of the losses, with factors beside the heads' own weights; 1 for heads that are not named. */
export interface WeightedSum<Heads extends string = string> {
  readonly factors: readonly (readonly [head: Heads, factor: number])[];
}

/** How losses become one: a merge strategy, or a sum with factors of heads. */
export type MergeLike<Heads extends string = string> = MergeConfig['type'] | MergeConfig | WeightedSum<Heads>;

/** The same, checked. */
export interface Merging {
  readonly config: MergeConfig;
  /** Factors of heads' own weights. */
  readonly factors: ReadonlyMap<string, number>;
}

/**
 * A weighted sum of losses: `sum({ tox: 1, sol: 0.5 })`; without factors the plain sum.
 * @throws ConfigError naming every factor that is no number, or below 0
 */
export function sum<const Factors extends Readonly<Record<string, number>> = Record<never, number>>(
  factors?: Factors,
): WeightedSum<keyof Factors & string> {
  const entries = Object.entries(factors ?? {}) as [keyof Factors & string, number][];
  const issues = entries
    .filter(([, factor]) => !(Number.isFinite(factor) && factor >= 0))
    .map(([head, factor]) => ({
      where: `sum, factor of '${head}'`,
      expected: 'a finite number, 0 or more',
      found: formatValue(factor),
    }));
  if (issues.length > 0) throw new ConfigError(issues);
  return { factors: entries };
}

/** @throws ConfigError with everything that is wrong with the strategy */
export function mergingOf(given: MergeLike): Merging {
  if (typeof given === 'object' && given !== null && 'factors' in given)
    return { config: { type: 'sum' }, factors: new Map(given.factors) };
  const config = typed<MergeConfig>(given);
  merges.parse(config, 'mergeLosses');
  return { config, factors: new Map() };
}

/** @throws ConfigError naming every factor that is none of these heads' */
export function checkFactors({ factors }: Merging, heads: readonly string[]): void {
  const issues: readonly Issue[] = [...factors.keys()]
    .filter((head) => !heads.includes(head))
    .map((head) => ({ where: 'sum', expected: oneOf(heads), found: formatValue(head), ...didYouMean(head, heads) }));
  if (issues.length > 0) throw new ConfigError(issues);
}
