import { ConfigError } from '../core/error.ts';
import type { LossConfig } from '../loss/index.ts';

/** A loss by its type, where that needs no options, or with options. */
export type LossLike = LossConfig['type'] | LossConfig;
/** Losses of outputs that were declared without: by name, in their order, or of the only one. */
export type Losses = LossLike | readonly (LossLike | null)[] | Readonly<Record<string, LossLike>>;

/**
 * Losses by output.
 * @param without names of the outputs that were declared without one
 * @throws ConfigError when a list has another length
 */
export function lossesByOutput(
  loss: Losses | undefined,
  without: readonly string[],
): readonly (readonly [string, LossLike | null])[] {
  if (loss === undefined) return [];
  const isOne = typeof loss === 'string' || (!Array.isArray(loss) && typeof (loss as LossConfig).type === 'string');
  const list = Array.isArray(loss) ? (loss as readonly (LossLike | null)[]) : isOne ? [loss as LossLike] : undefined;
  if (!list) return Object.entries(loss as Readonly<Record<string, LossLike>>);
  if (list.length === without.length) return without.map((name, at) => [name, list[at] as LossLike | null]);
  if (without.length === 0)
    throw new ConfigError({
      where: 'loss',
      expected: 'none, as no output is without one',
      found: `${list.length}`,
      hint: 'give losses by name to replace those there are',
    });
  throw new ConfigError({
    where: 'loss',
    expected: `one for each output without a loss: ${without.join(', ')}`,
    found: `${list.length}`,
    hint: 'give null for an output that is not trained, or an object by name',
  });
}
