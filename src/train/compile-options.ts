import { z } from 'zod';
import { parseConfig } from '../core/config.ts';
import type { EventSink } from '../core/event.ts';
import type { EngineConfig } from '../engine/index.ts';
import { type MergeConfig, type MergeStrategy, merges } from '../merge/index.ts';
import { type Losses, typed } from '../model/index.ts';
import { type OptimizerConfig, optimizers } from '../optimizer/index.ts';
import type { RunnerOptions } from '../step/runner.ts';

/** How a graph is trained. */
export interface CompileOptions {
  /** By its type, or with its options. */
  readonly optimizer: OptimizerConfig['type'] | OptimizerConfig;
  /** How the heads' losses become one: a strategy that there is, or one of your own. */
  readonly merge?: MergeConfig['type'] | MergeConfig | MergeStrategy;
  /** Losses of outputs that were declared without: by name, in their order, or of the only one. */
  readonly loss?: Losses;
  /** Where steps are computed; `onnx-cpu` when left out. */
  readonly engine?: EngineConfig;
  /** Seed of random masks; initial values have the graph's own. */
  readonly seed?: number;
  /** Told which engine was chosen and why, and of programs that it compiles. */
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

const isFunction = z.custom<(...given: never[]) => unknown>((value) => typeof value === 'function', {
  error: 'a function',
});
const strategySchema = z.looseObject({
  type: z.string(),
  remembers: z.boolean(),
  needsGradients: z.boolean(),
  weigh: isFunction,
  observe: isFunction,
});

function strategyOf(merge: NonNullable<CompileOptions['merge']>): MergeStrategy {
  if (typeof merge !== 'object' || !('weigh' in merge)) return merges.build(typed(merge), undefined, 'merge');
  parseConfig(strategySchema, merge, 'merge');
  return merge;
}

/**
 * What takes the steps.
 * @throws ConfigError with everything that is wrong with the optimizer, or with the merge strategy
 */
export function runnerOptions(options: CompileOptions): RunnerOptions {
  const { optimizer, merge = 'sum', seed = 0 } = parseConfig(schema, options, 'compile') as CompileOptions;
  return {
    optimizer: optimizers.build(typed(optimizer), undefined, 'optimizer'),
    merge: strategyOf(merge),
    seed,
  };
}
