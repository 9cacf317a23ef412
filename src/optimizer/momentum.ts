import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { commonFields, l2Field, onKernel } from './optimizer.ts';

/**
 * v = momentum · v + g; w −= rate · v.
 * @see Polyak 1964
 */
export const momentum = plugin({
  type: 'momentum',
  summary: 'Gradient descent with a velocity.',
  fields: z.object({
    ...commonFields(0.01),
    momentum: z.number().min(0).lt(1).default(0.9).describe('Share of the velocity that is kept from step to step.'),
    l2: l2Field,
  }),
  example: { momentum: 0.9 },
  build: ({ momentum, l2, ...common }) => onKernel('momentum', 'momentum', common, { momentum, l2 }),
});
