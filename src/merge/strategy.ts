import { ConfigError } from '../core/error.ts';
import { oneOf } from '../core/format.ts';
import { didYouMean } from '../core/suggest.ts';

/** A head with a label in the batch. Strategies are told of no others. */
export interface PresentHead {
  readonly name: string;
  /** The head's own factor, from its configuration or a runtime input. */
  readonly weight: number;
}

/** The present heads' gradients at what they share, as a strategy sees them. */
export interface Gradients {
  /** `[heads, heads]` row-major: inner products. */
  readonly gramian: Float64Array;
}

/** What a strategy remembers of one head: plain data, for checkpoints. */
export type HeadState = Readonly<Record<string, number>>;
/** By head. Heads that were never present have none. */
export type MergeState = Readonly<Record<string, HeadState>>;

/**
 * How per-head losses become one update: the merged loss is the sum of factor × loss over the present heads. Pure:
 * whoever takes the step keeps the state, and commits it once the step is known to count.
 */
export interface MergeStrategy {
  readonly type: string;
  /** Heads that its options name. Who knows the model refuses others. */
  readonly names?: readonly string[];
  /** Whether factors depend on earlier steps: then a step waits for the one before it. */
  readonly remembers: boolean;
  /** Whether `weigh` is given gradients. They cost a backward pass of each head. */
  readonly needsGradients: boolean;
  /**
   * Says how much each loss counts in a step.
   * @param heads present ones, at least one
   * @returns the factor of each head's loss, in their order: 0 or more
   */
  weigh(heads: readonly PresentHead[], state: MergeState, gradients?: Gradients): readonly number[];
  /**
   * What to remember after a step.
   * @param losses of the present heads, in their order; none of them weighted
   */
  observe(heads: readonly PresentHead[], losses: readonly number[], state: MergeState): MergeState;
}

/** What a strategy without memory says of it. */
export const remembersNothing: Pick<MergeStrategy, 'remembers' | 'observe'> = {
  remembers: false,
  observe: (_heads, _losses, state) => state,
};

/** @throws ConfigError naming every head that a strategy's options name and that is none of these */
export function checkNames({ names = [] }: MergeStrategy, heads: readonly string[]): void {
  const issues = names
    .filter((name) => !heads.includes(name))
    .map((name) => ({
      where: `merge.weights.${name}`,
      expected: `a head of the model, ${oneOf(heads)}`,
      found: `'${name}'`,
      ...didYouMean(name, heads),
    }));
  if (issues.length > 0) throw new ConfigError(issues);
}
