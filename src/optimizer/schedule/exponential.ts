import { z } from 'zod';
import { plugin } from '../../core/plugin.ts';
import { aboveFloor, baseField, factorField, floorField, isAboveFloor, stepsField } from './field.ts';
import { byClock } from './schedule.ts';

/** base · factor^(clock / steps). */
export const exponential = plugin({
  type: 'exponential',
  summary: 'A learning rate that falls evenly, by a factor in so many steps.',
  fields: z
    .object({
      base: baseField,
      steps: stepsField.describe('Steps in which it falls by the factor.'),
      factor: factorField.default(0.5).describe('What is left after so many steps.'),
      floor: floorField,
    })
    .refine(isAboveFloor, aboveFloor),
  example: { base: 0.01, steps: 1000 },
  build: ({ base, steps, factor, floor }) =>
    byClock('exponential', (clock) => Math.max(floor, base * factor ** (clock / steps))),
});
