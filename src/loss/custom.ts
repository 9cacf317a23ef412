import { squaredDifference, type Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import type { Prediction } from '../core/prediction.ts';
import type { Shape } from '../core/shape.ts';
import { type LabelSpec, numberLabel } from './label.ts';
import type { Loss, LossInputs } from './loss.ts';
import { meanPerRow } from './row.ts';

function functionOf<Given>(what: string): z.ZodType<Given, Given> {
  const error = `a function ${what}: this loss is for programs, not for pipeline files`;
  return z.custom<Given>((value) => typeof value === 'function', { error });
}

const identity = (output: Tensor): Tensor => output;
const numberOf = (outputShape: Shape): LabelSpec => numberLabel(outputShape);

/**
 * A loss given as functions over TensorFlow.js tensors, for users of the library. It is masked like any other: the
 * function sees a copy of a labelled row in the rows without a label, and what it computes for them counts for nothing.
 * In a batch where no row has a label it sees zeros: if it has parameters of its own, their gradient counts for nothing,
 * and may be NaN.
 */
export const custom = plugin({
  type: 'custom',
  summary: 'A function of yours (in TypeScript; a pipeline file cannot give one).',
  fields: z.object({
    perRow: functionOf<(inputs: LossInputs) => Tensor>('from { output, label } to the loss of each row').describe(
      'From { output, label, bound } to `[rows]` float32. What it computes for one row must not depend on others.',
    ),
    label: functionOf<(outputShape: Shape) => LabelSpec>('from the shape of an output to what a label is')
      .optional()
      .describe("What a label is, given the output's shape per sample; by default numbers of the same shape."),
    predict: functionOf<(output: Tensor) => Tensor>('from output to prediction')
      .optional()
      .describe('From output to prediction; by default the output itself.'),
    prediction: z
      .enum(['value', 'probability', 'distribution', 'score'] satisfies Prediction[])
      .default('value')
      .describe('What metrics take the prediction for.'),
  }),
  example: { perRow: ({ output, label }: LossInputs) => meanPerRow(squaredDifference(output, label)) },
  build: ({ perRow, label = numberOf, predict = identity, prediction }): Loss => ({
    type: 'custom',
    prediction,
    standIn: 'labelledRow',
    label: (outputShape) => label(outputShape),
    perRow,
    predict,
    point: predict,
  }),
});
