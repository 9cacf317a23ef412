import { ConfigError } from '../core/error.ts';

/** A weighted sum of heads' losses. An output's loss is one, and so is a merge of several. */
export interface LossNode {
  /** Factor of each head's loss. */
  readonly weights: ReadonlyMap<string, number>;
}

/** The loss of one head, as a node that can be merged with others. */
export function lossOf(head: string, weight = 1): LossNode {
  return { weights: new Map([[head, weight]]) };
}

/**
 * A weighted merge of losses, which may be merges themselves.
 * @param factors of each node; 1 where left out
 * @throws ConfigError when there are not as many factors as nodes, or one is below 0 or not finite
 */
export function mergeLosses(nodes: readonly LossNode[], factors: readonly number[] = nodes.map(() => 1)): LossNode {
  const fits = (factor: number): boolean => factor >= 0 && Number.isFinite(Math.fround(factor));
  if (factors.length !== nodes.length || !factors.every(fits))
    throw new ConfigError({
      where: 'merge of losses',
      expected: `${nodes.length} finite factors, each 0 or more`,
      found: `[${factors.join(', ')}]`,
    });
  const weights = new Map<string, number>();
  nodes.forEach((node, at) => {
    for (const [head, weight] of node.weights)
      weights.set(head, (weights.get(head) ?? 0) + weight * (factors[at] as number));
  });
  return { weights };
}
