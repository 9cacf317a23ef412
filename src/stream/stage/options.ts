import { z } from 'zod';
import { parseConfig } from '../../core/config.ts';
import { ConfigError } from '../../core/error.ts';
import { type EventSink, ignoreEvents } from '../../core/event.ts';
import { type EngineConfig, engines } from '../../engine/index.ts';
import { type ModelSpec, typed } from '../../model/index.ts';
import { type OptimizerConfig, optimizers } from '../../optimizer/index.ts';
import type { SkippedStep } from '../../step/report.ts';
import type { RunnerOptions, StepRunner } from '../../step/runner.ts';
import type { TakeStepsOptions } from '../take-steps.ts';
import type { InputShape } from './describer.ts';
import { issuesOfStreams, type RuntimeStreams } from './runtime.ts';

/** How a selector's model is trained. */
export interface GradientStepOptions extends RuntimeStreams, TakeStepsOptions {
  readonly optimizer: OptimizerConfig['type'] | OptimizerConfig;
  readonly engine?: EngineConfig;
  /** Seed of initial values and of random masks; 0 when left out. */
  readonly seed?: number;
  readonly events?: EventSink;
  /** Whether heads that are alike are computed together: faster, the same to rounding. true when left out. */
  readonly fuse?: boolean;
  /** Inputs of the batches, in their order. When left out, the source says what they are, or else the first batch. */
  readonly inputs?: Readonly<Record<string, InputShape>>;
  /**
   * Given what takes the steps, before the first: to restore a state, and later to predict, evaluate, look at the model
   * or save. Steps wait for what it returns.
   */
  readonly onRunner?: (runner: StepRunner) => void | Promise<void>;
  /** Told of batches that moved nothing, and why. */
  readonly onSkipped?: (skipped: SkippedStep) => void;
  /** Told when it has ended, however: what was learned is in the layers, and the engine is closed. */
  readonly onClose?: (spec: ModelSpec) => void;
}

/** The same, checked. */
export interface SessionOptions
  extends Pick<GradientStepOptions, 'inputs' | 'onRunner' | 'onClose' | 'learningRate$' | 'frozen$'>,
    Pick<RunnerOptions, 'optimizer' | 'fuse' | 'seed'> {
  readonly engine: EngineConfig;
  readonly events: EventSink;
}

const isFunction = z.custom<(...given: never[]) => unknown>((value) => typeof value === 'function', {
  error: 'a function',
});

const schema = z.strictObject({
  optimizer: z.unknown(),
  engine: z.unknown().optional(),
  seed: z.number().default(0),
  events: isFunction.default(() => ignoreEvents),
  fuse: z.boolean().default(true),
  points: z.boolean().optional(),
  scoreEverySteps: z.number().int().positive().optional(),
  inputs: z
    .record(
      z.string(),
      z.strictObject({ shape: z.array(z.number().int()).readonly(), dtype: z.enum(['float32', 'int32']).optional() }),
    )
    .optional(),
  learningRate$: z.unknown().optional(),
  frozen$: z.unknown().optional(),
  pause: isFunction.optional(),
  onRunner: isFunction.optional(),
  onSkipped: isFunction.optional(),
  onClose: isFunction.optional(),
});

/** @throws ConfigError with everything that is wrong with the options, or with the optimizer, or with the engine */
export function sessionOptions(options: GradientStepOptions): SessionOptions {
  const where = 'gradientStep';
  const { seed, fuse } = parseConfig(schema, options, where);
  const issues = issuesOfStreams(options, ['learningRate$', 'frozen$'], where);
  if (issues.length > 0) throw new ConfigError(issues);
  const { optimizer, engine = { type: 'onnx-cpu' }, events = ignoreEvents, ...others } = options;
  engines.parse(engine, 'engine');
  return {
    ...others,
    optimizer: optimizers.build(typed(optimizer), undefined, 'optimizer'),
    engine,
    events,
    seed,
    fuse,
  };
}
