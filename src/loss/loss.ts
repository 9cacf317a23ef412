import type { Tensor } from '@tensorflow/tfjs-core';
import type { Prediction } from '../core/prediction.ts';
import type { Shape } from '../core/shape.ts';
import type { LabelSpec } from './label.ts';

/** Rows as a loss sees them: labelled ones, and stand-ins for those without a label. */
export interface LossInputs {
  /** `[rows, …]` float32: what the head computed, as logits where the loss has an activation of its own. */
  readonly output: Tensor;
  /** `[rows, …]` of the shape and element type that the loss's `label` gave. */
  readonly label: Tensor;
  /** `[rows, …]` float32 of −1 ('<'), 0 ('=') or 1 ('>'), shaped like the label, when `label` asked for it. */
  readonly bound?: Tensor;
}

/** What one head is trained to do. */
export interface Loss {
  /** The plugin's type: how errors name the loss. */
  readonly type: string;
  readonly prediction: Prediction;
  /**
   * What the loss sees in rows without a label: zeros, unless said otherwise, or a copy of the first row with one (zeros
   * where there is none). With parameters of its own a loss must have finite gradients there: 0 times infinity is NaN.
   */
  readonly standIn?: 'zeros' | 'labelledRow';
  /**
   * What a label of this loss is.
   * @param outputShape of one sample, without the batch axis
   * @param where the head, for errors: `head "digit"`
   * @throws ShapeError when the loss has no meaning for such an output
   */
  label(outputShape: Shape, where: string): LabelSpec;
  /**
   * The loss of each row; a row's elements are averaged. Every value given is finite as far as labels and head are.
   * @returns `[rows]` float32
   */
  perRow(inputs: LossInputs): Tensor;
  /** What is predicted with this output: all that the head says, for `predict`. `[rows, …]` float32. */
  predict(output: Tensor): Tensor;
  /** The single best guess, shaped like the label (or like its distribution, for classes): what metrics compare. */
  point(output: Tensor): Tensor;
}
