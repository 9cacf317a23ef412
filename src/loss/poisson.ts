import { mul, sub, type Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { elementwise } from './elementwise.ts';
import { expUpTo } from './exponential.ts';

/** e^40 is more events than anyone counted; its square, in a gradient's norm, is still a float32. */
const rateOf = (output: Tensor): Tensor => expUpTo(40, output);

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
