import type { Tensor } from '@tensorflow/tfjs-core';
import type { Prediction } from '../core/prediction.ts';
import type { LabelSpec } from './label.ts';
import { numberLabel } from './label.ts';
import type { Loss, LossInputs } from './loss.ts';
import { meanPerRow } from './row.ts';

export interface ElementwiseOptions {
  /** Smallest and largest label. Any finite number, where left out. */
  readonly least?: number;
  readonly most?: number;
  /** Whether each label goes with a bound. */
  readonly bound?: boolean;
  /** `value` unless said otherwise. */
  readonly prediction?: Prediction;
  /** What is predicted with an output; by default the output itself. */
  readonly predict?: (output: Tensor) => Tensor;
}

/**
 * A loss whose labels are numbers, one for each element of the output, and whose row loss is the mean over them.
 * @param perElement loss of each element, of the output's shape
 */
export function elementwise(
  type: string,
  options: ElementwiseOptions,
  perElement: (inputs: LossInputs) => Tensor,
): Loss {
  const { prediction = 'value', predict = (output: Tensor) => output, bound = false, ...limits } = options;
  return {
    type,
    prediction,
    label: (outputShape): LabelSpec => ({ ...numberLabel(outputShape, limits), bound }),
    perRow: (inputs) => meanPerRow(perElement(inputs)),
    predict,
    point: predict,
  };
}
