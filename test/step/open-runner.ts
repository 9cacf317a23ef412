import type { Engine } from '../../src/engine/trainer.ts';
import { type MergeConfig, type MergeStrategy, merges } from '../../src/merge/index.ts';
import { type ModelSpec, typed } from '../../src/model/index.ts';
import { type OptimizerConfig, optimizers } from '../../src/optimizer/index.ts';
import { StepRunner } from '../../src/step/runner.ts';
import type { RunnerOptions } from '../../src/step/runner-options.ts';

/** How a model is trained: with sgd at a rate of 0.1 and the plain sum, where nothing is said. */
export interface Training extends Omit<RunnerOptions, 'optimizer' | 'merge' | 'seed'> {
  readonly optimizer?: OptimizerConfig['type'] | OptimizerConfig;
  readonly merge?: MergeConfig['type'] | MergeConfig | MergeStrategy;
  readonly seed?: number;
}

const isStrategy = (merge: Training['merge']): merge is MergeStrategy => typeof merge === 'object' && 'weigh' in merge;

/** A runner from configurations as users write them. */
export function openRunner(
  spec: ModelSpec,
  engine: Engine,
  { optimizer = { type: 'sgd', learningRate: 0.1 }, merge = 'sum', seed = 1, ...options }: Training = {},
): Promise<StepRunner> {
  return StepRunner.open(spec, engine, {
    ...options,
    seed,
    optimizer: optimizers.build(typed<OptimizerConfig>(optimizer), undefined, 'optimizer'),
    merge: isStrategy(merge) ? merge : merges.build(typed<MergeConfig>(merge), undefined, 'merge'),
  });
}
