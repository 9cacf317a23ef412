import { add, concat, div, log, mul, slice, squaredDifference, type Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { expUpTo } from './exponential.ts';
import { numberLabel, placeOfLoss, shapeOfBlock } from './label.ts';
import type { Loss } from './loss.ts';
import { meanPerRow } from './row.ts';

/** The first and the second half of the last axis. */
function halves(output: Tensor): readonly [Tensor, Tensor] {
  const outer = output.shape.slice(0, -1);
  const size = [...outer, (output.shape.at(-1) as number) / 2];
  const half = (index: number): Tensor => slice(output, [...outer.map(() => 0), index * (size.at(-1) as number)], size);
  return [half(0), half(1)];
}

/**
 * ½ (log σ² + (y − μ)² / σ²). The output's last axis holds the means, then as many numbers v with
 * σ² = `minimumVariance` + (eᵛ below v = 0, 1 + v above), which neither overflows nor loses small variances.
 * @see Nix & Weigend 1994, "Estimating the mean and variance of the target probability distribution", without the
 * constant ½ log 2π; a least variance: Lakshminarayanan et al. 2017, arXiv:1612.01474, section 2.2.1.
 */
export const gaussianNll = plugin({
  type: 'gaussianNll',
  summary: 'A number with its uncertainty: the head predicts mean and variance of a normal distribution.',
  fields: z.object({
    minimumVariance: z
      .number()
      .min(1e-12)
      .default(1e-6)
      .describe("The least variance predicted, in the label's unit squared: what keeps an exact prediction finite."),
  }),
  example: { minimumVariance: 1e-4 },
  build: ({ minimumVariance }): Loss => {
    const varianceOf = (v: Tensor): Tensor => add(expUpTo(0, v), minimumVariance);
    return {
      type: 'gaussianNll',
      prediction: 'value',
      label: (outputShape, where) =>
        numberLabel(shapeOfBlock(outputShape, 2, 'means, then variances', placeOfLoss(where, 'gaussianNll'))),
      perRow: ({ output, label }) => {
        const [mean, v] = halves(output);
        const variance = varianceOf(v);
        return meanPerRow(mul(add(log(variance), div(squaredDifference(mean, label), variance)), 0.5));
      },
      /** Means, then variances. */
      predict: (output) => {
        const [mean, v] = halves(output);
        return concat([mean, varianceOf(v)], -1);
      },
      point: (output) => halves(output)[0],
    };
  },
});
