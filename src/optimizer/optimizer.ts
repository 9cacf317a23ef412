import { z } from 'zod';
import type { OptimizerType } from '../engine/kernel/index.ts';
import type { TrainerSpec } from '../engine/trainer.ts';
import type { StepSettings } from '../engine/update.ts';
import { type Schedule, schedules } from './schedule/index.ts';

/** How parameters follow their gradients: what the engine's trainer is given, and what changes from step to step. */
export interface Optimizer {
  readonly type: string;
  readonly kernel: TrainerSpec['optimizer'];
  readonly schedule: Schedule;
  /** Limits on gradients, in this order: of each element, over all that is present, of each branch. */
  readonly clip: StepSettings['clip'];
}

const limit = (what: string) => z.number().positive().optional().describe(what);

/**
 * The options that every optimizer has.
 * @param learningRate the default
 */
export function commonFields(learningRate: number) {
  return {
    learningRate: z
      .union([z.number().positive(), schedules.schema])
      .default(learningRate)
      .describe('Step size: a number above 0, or a schedule that follows the clock of each head.'),
    clip: z
      .strictObject({
        value: limit('Largest magnitude of an element of a gradient.'),
        globalNorm: limit('Largest norm of the gradient over all that is present in a step.'),
        norm: limit('Largest norm of the gradient of each branch.'),
      })
      .optional()
      .describe('Limits on gradients. What is absent does not count.'),
  };
}

export const l2Field = z.number().min(0).default(0).describe('Adds l2 · weight to the gradient of what is present.');
/** @param usual the default */
export const weightDecayField = (usual: number) =>
  z
    .number()
    .min(0)
    .default(usual)
    .describe('Shrinks what is present by learning rate × weight decay in each step, apart from the gradient.');

interface Common {
  readonly learningRate: number | Parameters<typeof schedules.create>[0];
  readonly clip?: { readonly [limit in 'value' | 'globalNorm' | 'norm']?: number | undefined } | undefined;
}

/** An optimizer on one of the engine's kernels. */
export function onKernel(
  type: string,
  kernel: OptimizerType,
  { learningRate, clip = {} }: Common,
  settings: Readonly<Record<string, number>>,
): Optimizer {
  const schedule = typeof learningRate === 'number' ? { type: 'constant' as const, base: learningRate } : learningRate;
  const limits = Object.entries(clip).filter(([, value]) => value !== undefined);
  return {
    type,
    kernel: { type: kernel, settings },
    schedule: schedules.create(schedule, undefined),
    clip: limits.length > 0 ? (Object.fromEntries(limits) as StepSettings['clip']) : undefined,
  };
}
