import { add, less, log1p, mul, neg, softplus, square, sub, type Tensor, tanh, where } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { withGradient } from '../trace/with-gradient.ts';
import { elementwise } from './elementwise.ts';
import { magnitude } from './row.ts';

/**
 * log cosh x = |x| + log(1 + e^(−2|x|)) − log 2, which does not overflow; below 1, where its terms cancel,
 * −½ log(1 − tanh² x).
 */
function logCoshOf(x: Tensor): Tensor {
  const size = magnitude(x);
  const near = mul(log1p(neg(square(tanh(x)))), -0.5);
  return where(less(size, 1), near, add(size, sub(softplus(mul(size, -2)), Math.LN2)));
}

/** log cosh(ŷ − y): ½e² near the label, |e| − log 2 far from it, smooth throughout. */
export const logCosh = plugin({
  type: 'logCosh',
  summary: 'A smooth relative of huber: about half the squared error near the label, the absolute error far from it.',
  fields: z.object({}),
  example: {},
  build: () =>
    elementwise('logCosh', {}, ({ output, label }) => {
      const error = sub(output, label);
      return withGradient(error, [error], logCoshOf, (dy, saved) => mul(dy, tanh(saved)));
    }),
});
