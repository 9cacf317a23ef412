import { reshape, type Tensor } from '@tensorflow/tfjs-core';
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

/** All numbers one after the other: ONNX Runtime is slow to combine numbers with what has a last axis of size 1. */
function flatInputs({ output, label, bound }: LossInputs): LossInputs {
  const flat = (tensor: Tensor): Tensor => reshape(tensor, [-1]);
  return { output: flat(output), label: flat(label), ...(bound ? { bound: flat(bound) } : {}) };
}

/**
 * A loss whose labels are numbers, one for each element of the output, and whose row loss is the mean over them.
 * @param perElement loss of each element, from all of them one after the other: `[rows · size]`
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
    perRow: (inputs) => meanPerRow(reshape(perElement(flatInputs(inputs)), inputs.output.shape)),
    predict,
    point: predict,
  };
}
