import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { commonFields, l2Field, onKernel } from './optimizer.ts';

/**
 * a = rho · a + (1 − rho) · g²; w −= rate · g / (√a + epsilon).
 * @see Tieleman & Hinton 2012, lecture 6.5
 */
export const rmsprop = plugin({
  type: 'rmsprop',
  summary: 'Steps scaled by the running size of each gradient.',
  fields: z.object({
    ...commonFields(1e-3),
    rho: z
      .number()
      .min(0)
      .lt(1)
      .default(0.9)
      .describe('Share of the mean squared gradient that is kept from step to step.'),
    epsilon: z.number().positive().default(1e-8).describe('Keeps the divisor above 0.'),
    l2: l2Field,
  }),
  example: { rho: 0.95 },
  build: ({ rho, epsilon, l2, ...common }) => onKernel('rmsprop', 'rmsprop', common, { rho, epsilon, l2 }),
});
