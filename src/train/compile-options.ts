import { z } from 'zod';
import { parseConfig } from '../core/config.ts';
import { ConfigError } from '../core/error.ts';
import type { EventSink } from '../core/event.ts';
import type { EngineConfig } from '../engine/index.ts';
import type { LossConfig } from '../loss/index.ts';
import { type MergeConfig, merges } from '../merge/index.ts';
import { type LossLike, typed } from '../model/index.ts';
import { type OptimizerConfig, optimizers } from '../optimizer/index.ts';
import type { RunnerOptions } from '../step/runner.ts';

export interface CompileOptions {
  readonly optimizer: OptimizerConfig['type'] | OptimizerConfig;
  readonly merge?: MergeConfig['type'] | MergeConfig;
  /** Losses of outputs that were declared without: by name, in their order, or of the only one. */
  readonly loss?: LossLike | readonly (LossLike | null)[] | Readonly<Record<string, LossLike>>;
  readonly engine?: EngineConfig;
  /** Seed of random masks; initial values have the graph's own. */
  readonly seed?: number;
  readonly events?: EventSink;
}

const schema = z.strictObject({
  optimizer: z.unknown(),
  merge: z.unknown().optional(),
  loss: z.unknown().optional(),
  engine: z.unknown().optional(),
  seed: z.number().optional(),
  events: z.unknown().optional(),
});

/**
 * What takes the steps.
 * @throws ConfigError with everything that is wrong with the optimizer, or with the merge strategy
 */
export function runnerOptions(options: CompileOptions): RunnerOptions {
  const { optimizer, merge = 'sum', seed = 0 } = parseConfig(schema, options, 'compile') as CompileOptions;
  return {
    optimizer: optimizers.build(typed(optimizer), undefined, 'optimizer'),
    merge: merges.build(typed(merge), undefined, 'merge'),
    seed,
  };
}

/**
 * Losses by output.
 * @param without names of the outputs that were declared without one
 * @throws ConfigError when a list has another length
 */
export function lossesByOutput(
  loss: CompileOptions['loss'],
  without: readonly string[],
): readonly (readonly [string, LossLike | null])[] {
  if (loss === undefined) return [];
  const isOne = typeof loss === 'string' || (!Array.isArray(loss) && typeof (loss as LossConfig).type === 'string');
  const list = Array.isArray(loss) ? (loss as readonly (LossLike | null)[]) : isOne ? [loss as LossLike] : undefined;
  if (!list) return Object.entries(loss as Readonly<Record<string, LossLike>>);
  if (list.length === without.length) return without.map((name, at) => [name, list[at] as LossLike | null]);
  throw new ConfigError({
    where: 'loss',
    expected: `one for each output without a loss: ${without.join(', ')}`,
    found: `${list.length}`,
    hint: 'give null for an output that is not trained, or an object by name',
  });
}
