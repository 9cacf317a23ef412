import { add, mul, relu, reshape, slice, sub, tensor2d } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { numberLabel, placeOfLoss, shapeOfBlock } from './label.ts';
import type { Loss } from './loss.ts';
import { meanPerRow } from './row.ts';

function nearestToMedian(levels: readonly number[]): number {
  const distances = levels.map((level) => Math.abs(level - 0.5));
  return distances.indexOf(Math.min(...distances));
}

/**
 * The check function max(τ e, (τ − 1) e) with e = y − ŷ, averaged over the levels τ.
 * @see Koenker & Bassett 1978, "Regression quantiles", Econometrica 46. Nothing keeps the levels from crossing.
 */
function quantileLoss(levels: readonly number[]): Loss {
  const count = levels.length;
  return {
    type: 'quantile',
    prediction: 'value',
    label: (outputShape, where) =>
      numberLabel(
        count === 1
          ? outputShape
          : shapeOfBlock(outputShape, count, 'one block for each level', placeOfLoss(where, 'quantile')),
      ),
    perRow: ({ output, label }) => {
      if (count === 1) {
        const error = sub(label, output);
        return meanPerRow(add(mul(error, levels[0] as number), relu(sub(output, label))));
      }
      const outer = label.shape.slice(0, -1);
      const units = label.shape.at(-1) as number;
      const error = sub(reshape(label, [...outer, 1, units]), reshape(output, [...outer, count, units]));
      const slopes = tensor2d([...levels], [count, 1]);
      return meanPerRow(add(mul(error, slopes), relu(mul(error, -1))));
    },
    predict: (output) => output,
    point: (output) => {
      const units = (output.shape.at(-1) as number) / count;
      const outer = output.shape.slice(0, -1);
      if (count === 1) return output;
      const begin = [...outer.map(() => 0), nearestToMedian(levels) * units];
      return slice(output, begin, [...outer, units]);
    },
  };
}

/** Quantiles of the label: see `quantileLoss`. */
export const quantile = plugin({
  type: 'quantile',
  summary: 'Quantiles of a number (pinball loss), for intervals instead of a single guess.',
  fields: z.object({
    levels: z
      .array(z.number().gt(0).lt(1))
      .min(1)
      .default([0.5])
      .describe(
        'The quantiles to predict, between 0 and 1. With several, the head has one block of units for each, in this order: ' +
          '3 units for 3 levels of one number.',
      ),
  }),
  example: { levels: [0.1, 0.5, 0.9] },
  build: ({ levels }) => quantileLoss(levels),
});
