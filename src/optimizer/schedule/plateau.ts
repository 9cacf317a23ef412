import { z } from 'zod';
import { plugin } from '../../core/plugin.ts';
import { aboveFloor, baseField, factorField, isAboveFloor, stepsField } from './field.ts';
import type { Schedule, ScheduleState } from './schedule.ts';

/**
 * Falls by `factor` when the mean loss of a window of `window` steps was not below (1 − threshold) × the best one for
 * more than `patience` windows; then waits `cooldown` windows. Losses that are not finite are not counted.
 * @see PyTorch's ReduceLROnPlateau, mode min, threshold_mode rel, with windows of steps in place of epochs. Deviates:
 * there is a floor unless asked otherwise, because a head that trains for months would fall until it stands still.
 */
export const plateau = plugin({
  type: 'plateau',
  summary: 'A learning rate that falls when the loss no longer does, for each head on its own.',
  fields: z
    .object({
      base: baseField,
      factor: factorField.default(0.1).describe('What is left at each fall.'),
      window: stepsField.default(100).describe('Steps whose mean loss is looked at.'),
      patience: z.number().int().min(0).default(10).describe('Windows without progress that are put up with.'),
      threshold: z
        .number()
        .min(0)
        .lt(1)
        .default(1e-4)
        .describe('Share by which the loss must fall to count as progress.'),
      cooldown: z.number().int().min(0).default(0).describe('Windows after a fall that are not counted.'),
      floor: z
        .number()
        .min(0)
        .optional()
        .describe('Learning rate that it never goes below; a thousandth of the base when left out, 0 for none.'),
    })
    .refine(isAboveFloor, aboveFloor),
  example: { base: 1e-3, patience: 5 },
  build: ({ base, factor, window, patience, threshold, cooldown, floor = base / 1000 }): Schedule => {
    const judge = (state: ScheduleState, mean: number): ScheduleState => {
      const { best = Number.MAX_VALUE, bad = 0, waiting = 0, falls = 0 } = state;
      const better = mean < (best === Number.MAX_VALUE ? best : best - threshold * Math.abs(best));
      const left = Math.max(0, waiting - 1);
      const without = waiting > 0 || better ? 0 : bad + 1;
      const fallen = without > patience;
      return {
        best: better ? mean : best,
        bad: fallen ? 0 : without,
        waiting: fallen ? cooldown : left,
        falls: falls + Number(fallen),
        sum: 0,
        count: 0,
      };
    };
    return {
      type: 'plateau',
      remembers: true,
      start: () => ({}),
      rate: (_clock, { falls = 0 }) => Math.max(floor, base * factor ** falls),
      observe: (state, loss) => {
        if (!Number.isFinite(loss)) return state;
        const { sum = 0, count = 0 } = state;
        const next = { ...state, sum: sum + loss, count: count + 1 };
        return next.count < window ? next : judge(next, next.sum / next.count);
      },
    };
  },
});
