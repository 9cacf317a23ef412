import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { commonFields, onKernel, weightDecayField } from './optimizer.ts';

/**
 * @see Loshchilov & Hutter 2019, arXiv:1711.05101. Deviates: decay is multiplied by the learning rate, as in PyTorch.
 */
export const adamw = plugin({
  type: 'adamw',
  summary: 'Adam with weight decay apart from the gradient.',
  fields: z.object({
    ...commonFields(1e-3),
    beta1: z.number().min(0).lt(1).default(0.9).describe('Share of the mean gradient that is kept from step to step.'),
    beta2: z.number().min(0).lt(1).default(0.999).describe('Share of the mean squared gradient that is kept.'),
    epsilon: z.number().positive().default(1e-8).describe('Keeps the divisor above 0.'),
    weightDecay: weightDecayField(0.01),
  }),
  example: { learningRate: 3e-4, weightDecay: 0.05 },
  build: ({ beta1, beta2, epsilon, weightDecay, ...common }) =>
    onKernel('adamw', 'adam', common, { beta1, beta2, epsilon, decay: weightDecay }),
});
