import { map, type OperatorFunction } from 'rxjs';
import { ConfigError } from '../../core/error.ts';
import { type LossNode, mergeLosses as mergeNodes } from '../../model/index.ts';
import { HeadLoss, type HeadLosses, MergedLoss } from './activation.ts';
import { formatFound } from './found.ts';
import { checkFactors, type MergeLike, mergingOf, sum } from './merging.ts';

/**
 * Merges losses of heads into the one that is minimised: the end of a selector.
 * @param strategy `sum({ tox: 1, sol: 0.5 })`, `uncertainty()`, …; the plain sum when left out
 * @throws ConfigError when the strategy is wrong, at once; when it names a head that is not there, with the first batch
 */
export function mergeLosses<Heads extends string>(
  strategy?: MergeLike<NoInfer<Heads>>,
): OperatorFunction<HeadLosses<Heads>, MergedLoss<Heads>>;
/** A weighted merge of losses of a graph's outputs: see `Graph.minimise`. */
export function mergeLosses(nodes: readonly LossNode[], factors?: readonly number[]): LossNode;
export function mergeLosses(
  given: MergeLike | readonly LossNode[] = sum(),
  factors?: readonly number[],
): OperatorFunction<HeadLosses, MergedLoss> | LossNode {
  if (Array.isArray(given)) return mergeNodes(given as readonly LossNode[], factors);
  const merging = mergingOf(given as MergeLike);
  return map((losses) => {
    checkLosses(losses);
    checkFactors(merging, Object.keys(losses));
    return new MergedLoss(losses, merging);
  });
}

function checkLosses(losses: unknown): void {
  const entries = Object.entries(losses ?? {});
  if (entries.length > 0 && entries.every(([head, loss]) => loss instanceof HeadLoss && loss.head === head)) return;
  throw new ConfigError({
    where: 'mergeLosses',
    expected: 'losses by head, as a fork of branches gives them',
    found: formatFound(losses),
    hint: 'fork({ name: branch(layers, loss) }), mergeLosses()',
  });
}
