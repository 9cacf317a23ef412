import { mul, relu, square, sub } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { elementwise } from './elementwise.ts';

/**
 * max(0, 1 − t ŷ) with t = 2y − 1, or its square.
 * @see Cortes & Vapnik 1995, "Support-vector networks", Machine Learning 20. Deviates: labels are 0 and 1, as for
 * binaryCrossentropy, instead of −1 and 1.
 */
export const hinge = plugin({
  type: 'hinge',
  summary: 'A yes or no by a margin; labels are 0 or 1, and the output says yes above 0.',
  fields: z.object({ squared: z.boolean().default(false).describe('Squares the loss, which makes it smooth.') }),
  example: { squared: true },
  build: ({ squared }) =>
    elementwise('hinge', { least: 0, most: 1, prediction: 'score' }, ({ output, label }) => {
      const loss = relu(sub(1, mul(sub(mul(label, 2), 1), output)));
      return squared ? square(loss) : loss;
    }),
});
