import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { commonFields, onKernel, weightDecayField } from './optimizer.ts';

/**
 * w −= rate · (sign(beta1 · m + (1 − beta1) · g) + weightDecay · w); m = beta2 · m + (1 − beta2) · g.
 * @see Chen et al. 2023, Algorithm 2, arXiv:2302.06675
 */
export const lion = plugin({
  type: 'lion',
  summary: 'Steps of the same size for every weight, along the sign of a running mean.',
  fields: z.object({
    ...commonFields(1e-4),
    beta1: z.number().min(0).lt(1).default(0.9).describe('Share of the mean gradient in the direction of a step.'),
    beta2: z.number().min(0).lt(1).default(0.99).describe('Share of the mean gradient that is kept from step to step.'),
    weightDecay: weightDecayField(0),
  }),
  example: { learningRate: 1e-4, weightDecay: 0.1 },
  build: ({ beta1, beta2, weightDecay, ...common }) =>
    onKernel('lion', 'lion', common, { beta1, beta2, decay: weightDecay }),
});
