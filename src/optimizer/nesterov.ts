import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { commonFields, l2Field, onKernel } from './optimizer.ts';

/**
 * v = momentum · v + g; w −= rate · (g + momentum · v).
 * @see Sutskever et al. 2013, equations 3–4
 */
export const nesterov = plugin({
  type: 'nesterov',
  summary: 'Gradient descent with a velocity that looks ahead.',
  fields: z.object({
    ...commonFields(0.01),
    momentum: z.number().min(0).lt(1).default(0.9).describe('Share of the velocity that is kept from step to step.'),
    l2: l2Field,
  }),
  example: { momentum: 0.9 },
  build: ({ momentum, l2, ...common }) => onKernel('nesterov', 'nesterov', common, { momentum, l2 }),
});
