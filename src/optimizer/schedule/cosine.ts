import { z } from 'zod';
import { plugin } from '../../core/plugin.ts';
import { aboveFloor, baseField, floorField, isAboveFloor, stepsField } from './field.ts';
import { byClock } from './schedule.ts';

/**
 * base · (clock + 1) / warmupSteps while warming up, so that the first step moves; then half a cosine from base to floor
 * that ends after `steps` steps in all, and floor from there on.
 * @see Loshchilov & Hutter 2017, arXiv:1608.03983, equation 5, without restarts; warm-up: Goyal et al. 2017,
 * arXiv:1706.02677, section 2.2
 */
export const cosine = plugin({
  type: 'cosine',
  summary: 'A learning rate that warms up, then falls along half a cosine.',
  fields: z
    .object({
      base: baseField,
      steps: stepsField.describe('Steps in all, those of the warm-up included.'),
      warmupSteps: z.number().int().min(0).default(0).describe('Steps in which it rises to the base.'),
      floor: floorField,
    })
    .refine(isAboveFloor, aboveFloor)
    .refine(({ warmupSteps, steps }) => warmupSteps < steps, {
      error: "'warmupSteps' below 'steps'",
      params: { hint: 'steps counts all of them, those of the warm-up included' },
    }),
  example: { base: 1e-3, steps: 10_000, warmupSteps: 500 },
  build: ({ base, steps, warmupSteps, floor }) =>
    byClock('cosine', (clock) => {
      if (clock < warmupSteps) return (base * (clock + 1)) / warmupSteps;
      const done = Math.min(1, (clock - warmupSteps) / (steps - warmupSteps));
      return floor + 0.5 * (base - floor) * (1 + Math.cos(Math.PI * done));
    }),
});
