import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { type MergeStrategy, remembersNothing } from './strategy.ts';

/** Σ weight · loss over the present heads: each head's gradient is the same whoever else is present. */
export const sum = plugin({
  type: 'sum',
  summary: 'The sum of the losses, each with its head’s weight.',
  fields: z.object({}),
  example: {},
  build: (): MergeStrategy => ({
    type: 'sum',
    needsGradients: false,
    weigh: (heads) => heads.map(({ weight }) => weight),
    ...remembersNothing,
  }),
});
