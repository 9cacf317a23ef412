import { div, maximum, mul, sqrt, sub, type Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { ShapeError } from '../core/error.ts';
import { plugin } from '../core/plugin.ts';
import { formatBatchShape, numberLabel, placeOfLoss } from './label.ts';
import type { Loss } from './loss.ts';
import { dotLast, meanPerRow } from './row.ts';

/** Least length that is divided by: a shorter vector has hardly a direction. */
const leastLength = 1e-6;

function lengthOf(x: Tensor): Tensor {
  return sqrt(maximum(dotLast(x, x), leastLength ** 2));
}

/**
 * 1 − ŷ·y / (‖ŷ‖ ‖y‖) along the last axis: 0 for the same direction, 2 for the opposite one, 1 where a vector is 0.
 * Keras' loss of this name is smaller by 1: ours is never negative.
 */
export const cosineSimilarity = plugin({
  type: 'cosineSimilarity',
  summary: 'The direction of a vector (an embedding), whatever its length.',
  fields: z.object({}),
  example: {},
  build: (): Loss => ({
    type: 'cosineSimilarity',
    prediction: 'value',
    label: (outputShape, where) => {
      if ((outputShape.at(-1) ?? 1) > 1) return numberLabel(outputShape);
      throw new ShapeError({
        where: placeOfLoss(where, 'cosineSimilarity'),
        expected: 'an output of vectors with at least 2 numbers on its last axis',
        found: `an output ${formatBatchShape(outputShape)}`,
        hint: 'a single number has no direction: use meanSquaredError',
      });
    },
    perRow: ({ output, label }) => {
      const lengths = mul(lengthOf(output), lengthOf(label));
      return meanPerRow(sub(1, div(dotLast(output, label), lengths)));
    },
    predict: (output) => output,
    point: (output) => output,
  }),
});
