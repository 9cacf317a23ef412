import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { commonFields, l2Field, onKernel } from './optimizer.ts';

/**
 * a += g²; w −= rate · g / (√a + epsilon).
 * @see Duchi, Hazan & Singer 2011
 */
export const adagrad = plugin({
  type: 'adagrad',
  summary: 'Steps that shrink with the sum of squared gradients: for rare features.',
  fields: z.object({
    ...commonFields(0.01),
    epsilon: z.number().positive().default(1e-10).describe('Keeps the divisor above 0.'),
    l2: l2Field,
  }),
  example: { learningRate: 0.1 },
  build: ({ epsilon, l2, ...common }) => onKernel('adagrad', 'adagrad', common, { epsilon, l2 }),
});
