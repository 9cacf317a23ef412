import { z } from 'zod';
import { plugin } from '../../core/plugin.ts';
import { baseField } from './field.ts';
import { byClock } from './schedule.ts';

/** The rate of an optimizer whose learning rate is a number: `base` in every step of every clock. */
export const constant = plugin({
  type: 'constant',
  summary: 'The same learning rate in every step.',
  fields: z.object({ base: baseField }),
  example: { base: 1e-3 },
  build: ({ base }) => byClock('constant', () => base),
});
