import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { commonFields, l2Field, onKernel } from './optimizer.ts';

/**
 * w −= rate · (g + l2 · w).
 * @see Robbins & Monro 1951
 */
export const sgd = plugin({
  type: 'sgd',
  summary: 'Plain gradient descent.',
  fields: z.object({
    ...commonFields(0.01),
    l2: l2Field,
  }),
  example: { learningRate: 0.1 },
  build: ({ l2, ...common }) => onKernel('sgd', 'sgd', common, { l2 }),
});
