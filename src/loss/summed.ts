import {
  argMax,
  cast,
  gather,
  mul,
  reshape,
  type Scalar,
  sum,
  type Tensor,
  tidy,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { ShapeError } from '../core/error.ts';
import { formatShape, type Shape, sameShape, sizeOf } from '../core/shape.ts';
import { withGradient } from '../trace/with-gradient.ts';
import { fitLabel, placeOfLoss } from './label.ts';
import type { Loss } from './loss.ts';

/** One head's output in a batch, and what is known of its truth. Whatever stands in rows without a label is never read. */
export interface LabelledOutput {
  /** `[rows, …]` float32 */
  readonly output: Tensor;
  /** `[rows, …]`; axes of size 1 at the end don't matter, nor does the element type */
  readonly label: Tensor;
  /** Shaped like the label: −1 ('<'), 0 ('=') or 1 ('>'), for losses that ask for it. */
  readonly bound?: Tensor;
  /** `[rows]` bool: whether the row has a label. */
  readonly present: Tensor;
  /** `[rows]` float32: factor of the row's loss. 1 where left out. */
  readonly weight?: Tensor;
}

function pick(rows: Tensor, x: Tensor, otherwise: Tensor | undefined = undefined): Tensor {
  const [count = 0, ...rest] = x.shape;
  // ONNX Runtime broadcasts over a last axis of size 1 several times as slowly as over a longer one.
  if (sizeOf(rest) === 1 && !otherwise) {
    const flat = reshape(x, [count]);
    return reshape(where(rows, flat, zerosLike(flat)), x.shape);
  }
  return where(reshape(rows, [count, ...rest.map(() => 1)]), x, otherwise ?? zerosLike(x));
}

/** `x` in the chosen rows, and in the others a copy of the first chosen one; zeros when none is chosen. */
function repeatFirst(rows: Tensor, x: Tensor): Tensor {
  const chosen = pick(rows, x);
  return pick(rows, x, gather(chosen, reshape(argMax(cast(rows, 'int32')), [1])));
}

/**
 * `x` in the chosen rows and 0 in the others, in the gradient too. TensorFlow.js's own gradient of `where` multiplies by
 * the mask, which turns a gradient of NaN or ±Infinity in a row that was not chosen into NaN.
 * @param rows `[rows]` bool
 * @param x `[rows, …]`
 * @param standIn what stands in the others instead of 0
 */
export function selectRows(rows: Tensor, x: Tensor, standIn: Loss['standIn'] = 'zeros'): Tensor {
  return withGradient(
    x,
    [rows],
    (value) => (standIn === 'zeros' ? pick(rows, value) : repeatFirst(rows, value)),
    (dy, saved) => pick(saved, dy),
  );
}

function checkShape(name: string, tensor: Tensor, expected: Shape, place: string): void {
  if (sameShape(tensor.shape, expected)) return;
  const found = `${name} ${formatShape(tensor.shape)}`;
  throw new ShapeError({ where: place, expected: `${name} ${formatShape(expected)}`, found });
}

/**
 * The weighted loss of each row with a label, and 0 for each without.
 * @param where the head, for errors: `head "digit"`
 * @returns `[rows]` float32
 * @throws ShapeError when output, label and the others don't fit each other
 */
export function rowLosses(loss: Loss, batch: LabelledOutput, where = ''): Tensor {
  const { output, label, bound, present, weight } = batch;
  const place = placeOfLoss(where, loss.type);
  const [rows = 0, ...outputShape] = output.shape;
  const spec = fitLabel(loss, outputShape, label.shape.slice(1), where);
  checkShape('labels', label, [rows, ...label.shape.slice(1)], place);
  checkShape('presence', present, [rows], place);
  if (weight) checkShape('weights', weight, [rows], place);
  if (bound) checkShape('bounds', bound, label.shape, place);
  if (spec.bound && !bound) throw new ShapeError({ where: place, expected: 'a bound for each label', found: 'none' });
  const shape = [rows, ...spec.shape];
  const selected = (tensor: Tensor, dtype: 'float32' | 'int32'): Tensor =>
    cast(selectRows(present, reshape(tensor, shape), loss.standIn), dtype);
  return tidy(() => {
    const losses = loss.perRow({
      output: selectRows(present, output, loss.standIn),
      label: selected(label, spec.dtype),
      ...(spec.bound && bound && { bound: selected(bound, 'float32') }),
    });
    checkShape('losses', losses, [rows], place);
    return selectRows(present, weight ? mul(losses, selectRows(present, weight)) : losses);
  });
}

/**
 * Sum over the rows with a label of weight × loss, and nothing else: what stands in the other rows, be it NaN, changes
 * no bit of the sum or of its gradient. The caller divides by the denominator (`denominator.ts`), a runtime input.
 * @throws ShapeError when output, label and the others don't fit each other
 */
export function summedLoss(loss: Loss, batch: LabelledOutput, where = ''): Scalar {
  return tidy(() => sum(rowLosses(loss, batch, where)) as Scalar);
}
