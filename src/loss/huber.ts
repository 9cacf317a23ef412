import { minimum, mul, sub, type Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { elementwise } from './elementwise.ts';
import { magnitude } from './row.ts';

/** ½ e² while |e| ≤ `delta`, `delta` (|e| − ½ `delta`) beyond. */
export function huberOf(error: Tensor, delta: number): Tensor {
  const size = magnitude(error);
  const inner = minimum(size, delta);
  return mul(inner, sub(size, mul(inner, 0.5)));
}

/**
 * Squared near the label, absolute far from it.
 * @see Huber 1964, "Robust estimation of a location parameter"; smoothL1: Girshick 2015, arXiv:1504.08083, equation 3.
 */
export const huber = plugin({
  type: 'huber',
  summary: 'Squared error near the label, absolute error far from it, so that outliers pull less.',
  fields: z.object({
    delta: z.number().positive().default(1).describe('The error at which squared turns into absolute.'),
    form: z
      .enum(['huber', 'smoothL1'])
      .default('huber')
      .describe(
        "'huber' is ½e² near the label and has slope delta far from it (Keras' Huber, PyTorch's HuberLoss); " +
          "'smoothL1' is that divided by delta, with slope 1 (PyTorch's SmoothL1Loss, whose beta is delta).",
      ),
  }),
  example: { delta: 0.5 },
  build: ({ delta, form }) =>
    elementwise('huber', {}, ({ output, label }) => {
      const loss = huberOf(sub(output, label), delta);
      return form === 'smoothL1' ? mul(loss, 1 / delta) : loss;
    }),
});
