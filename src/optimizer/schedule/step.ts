import { z } from 'zod';
import { plugin } from '../../core/plugin.ts';
import { aboveFloor, baseField, factorField, floorField, isAboveFloor, stepsField } from './field.ts';
import { byClock } from './schedule.ts';

/** base · factorⁿ, where n = ⌊clock / every⌋. */
export const step = plugin({
  type: 'step',
  summary: 'A learning rate that falls by a factor once in so many steps.',
  fields: z
    .object({
      base: baseField,
      every: stepsField.describe('Steps between falls.'),
      factor: factorField.default(0.1).describe('What is left at each fall.'),
      floor: floorField,
    })
    .refine(isAboveFloor, aboveFloor),
  example: { base: 0.1, every: 1000, factor: 0.5 },
  build: ({ base, every, factor, floor }) =>
    byClock('step', (clock) => Math.max(floor, base * factor ** Math.floor(clock / every))),
});
