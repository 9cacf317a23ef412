import { add, exp, minimum, mul, relu, sub, type Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { elementwise } from './elementwise.ts';

/** e^40 is more events than anyone counted; its square, in a gradient's norm, is still a float32. */
const limit = 40;

/** eˣ, and beyond `limit` its tangent there: convex, with a continuous slope, and finite for every float32 that occurs. */
function rateOf(x: Tensor): Tensor {
  return mul(exp(minimum(x, limit)), add(relu(sub(x, limit)), 1));
}

/**
 * λ − y log λ, where the output is log λ.
 * @see McCullagh & Nelder 1989, "Generalized linear models", chapter 6. Deviates: the constant log y! is left out, and
 * beyond log λ = 40 the rate grows linearly instead of overflowing.
 */
export const poisson = plugin({
  type: 'poisson',
  summary: 'Counts: the head predicts the logarithm of the expected number of events.',
  fields: z.object({}),
  example: {},
  build: () =>
    elementwise('poisson', { least: 0, predict: rateOf }, ({ output, label }) =>
      sub(rateOf(output), mul(label, output)),
    ),
});
