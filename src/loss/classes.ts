import { softmax, type Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Shape } from '../core/shape.ts';
import { type LabelSpec, placeOfLoss } from './label.ts';
import type { Loss, LossInputs } from './loss.ts';
import { meanPerRow } from './row.ts';

/** The option of losses that smooth their labels. */
export const smoothingField = z
  .number()
  .min(0)
  .lt(1)
  .default(0)
  .describe('Mixes this share of the uniform distribution into the labels.');

/**
 * A loss from logits of the classes on the output's last axis; other axes are averaged.
 * @param label what a label is, from the output's shape per sample and the loss's place in errors
 * @param perVector `[rows, …]`: the loss of each vector of logits
 */
export function overClasses(
  type: string,
  label: (outputShape: Shape, place: string) => LabelSpec,
  perVector: (inputs: LossInputs) => Tensor,
): Loss {
  return {
    type,
    prediction: 'distribution',
    label: (outputShape, where) => label(outputShape, placeOfLoss(where, type)),
    perRow: (inputs) => meanPerRow(perVector(inputs)),
    predict: (output) => softmax(output),
    point: (output) => softmax(output),
  };
}
