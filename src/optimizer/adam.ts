import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { commonFields, l2Field, onKernel } from './optimizer.ts';

/**
 * Bias is corrected by the clock of what is present, so that a head that comes late begins as if it were alone.
 * @see Kingma & Ba 2015, Algorithm 1, arXiv:1412.6980
 */
export const adam = plugin({
  type: 'adam',
  summary: 'Steps scaled by the running mean and spread of each gradient.',
  fields: z.object({
    ...commonFields(1e-3),
    beta1: z.number().min(0).lt(1).default(0.9).describe('Share of the mean gradient that is kept from step to step.'),
    beta2: z.number().min(0).lt(1).default(0.999).describe('Share of the mean squared gradient that is kept.'),
    epsilon: z.number().positive().default(1e-8).describe('Keeps the divisor above 0.'),
    l2: l2Field,
  }),
  example: { learningRate: 3e-4, l2: 1e-4 },
  build: ({ beta1, beta2, epsilon, l2, ...common }) => onKernel('adam', 'adam', common, { beta1, beta2, epsilon, l2 }),
});
