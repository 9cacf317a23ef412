import { ShapeError } from '../core/error.ts';
import { type Shape, sameShape } from '../core/shape.ts';
import type { Loss } from './loss.ts';

/** Which numbers a label may consist of. All are finite. */
export type LabelValues =
  | { readonly kind: 'number'; readonly least?: number; readonly most?: number }
  /** Whole numbers from 0 to `count` − 1. */
  | { readonly kind: 'class'; readonly count: number }
  /** Probabilities, which sum to 1 along the last axis. */
  | { readonly kind: 'distribution' };

/** What a label of one sample is. */
export interface LabelSpec {
  readonly dtype: 'float32' | 'int32';
  /** Of one sample, without the batch axis. `[]` and `[1]` mean the same. */
  readonly shape: Shape;
  readonly values: LabelValues;
  /** Whether each number goes with a bound: −1 when the truth is below it, 1 when above, 0 when it is the truth. */
  readonly bound: boolean;
}

/** A label of float32 numbers of this shape. */
export function numberLabel(shape: Shape, limits: { readonly least?: number; readonly most?: number } = {}): LabelSpec {
  return { dtype: 'float32', shape, values: { kind: 'number', ...limits }, bound: false };
}

/**
 * A label that is a distribution over the classes on the output's last axis.
 * @throws ShapeError when there are fewer than two
 */
export function distributionLabel(outputShape: Shape, place: string): LabelSpec {
  classesOf(outputShape, place);
  return { dtype: 'float32', shape: outputShape, values: { kind: 'distribution' }, bound: false };
}

/**
 * A label that is the number of the true class, out of those on the output's last axis.
 * @throws ShapeError when there are fewer than two
 */
export function classLabel(outputShape: Shape, place: string): LabelSpec {
  const count = classesOf(outputShape, place);
  return { dtype: 'int32', shape: outputShape.slice(0, -1), values: { kind: 'class', count }, bound: false };
}

function classesOf(outputShape: Shape, place: string): number {
  const classes = outputShape.at(-1);
  if (classes !== undefined && classes >= 2) return classes;
  throw new ShapeError({
    where: place,
    expected: 'an output with at least 2 classes on its last axis',
    found: `an output ${formatBatchShape(outputShape)}`,
    hint: 'give the head one unit per class, or use binaryCrossentropy for a single yes or no',
  });
}

/**
 * The shape of the label when the output's last axis holds `blocks` equal blocks, one after the other.
 * @param names what the blocks are, for errors
 * @throws ShapeError when the axis is not a multiple of `blocks`
 */
export function shapeOfBlock(outputShape: Shape, blocks: number, names: string, place: string): Shape {
  const units = outputShape.at(-1);
  if (units !== undefined && units > 0 && units % blocks === 0) return [...outputShape.slice(0, -1), units / blocks];
  throw new ShapeError({
    where: place,
    expected: `an output whose last axis is a multiple of ${blocks}: ${names}`,
    found: `an output ${formatBatchShape(outputShape)}`,
    hint: `give the head ${blocks} units for each number to be predicted`,
  });
}

/** `head "digit", huber`: a loss as errors name it. */
export function placeOfLoss(where: string, type: string): string {
  return where === '' ? type : `${where}, ${type}`;
}

/** `[batch, 10]`: a shape per sample as users see it. */
export function formatBatchShape(perSample: Shape): string {
  return `[${['batch', ...perSample].join(', ')}]`;
}

/** The shape, without axes of size 1 at its end. */
function withoutOnes(shape: Shape): Shape {
  return shape.slice(0, shape.findLastIndex((size) => size !== 1) + 1);
}

function alike(a: Shape, b: Shape): boolean {
  return sameShape(withoutOnes(a), withoutOnes(b));
}

function hintFor(spec: LabelSpec, output: Shape, label: Shape): string {
  if (spec.values.kind === 'class' && alike(label, output))
    return 'one number per class goes with categoricalCrossentropy';
  if (spec.values.kind === 'distribution' && alike(label, output.slice(0, -1)))
    return 'class numbers go with sparseCategoricalCrossentropy';
  const [expected, found, units] = [spec.shape.at(-1), label.at(-1), output.at(-1)];
  const onlyLast = sameShape(spec.shape.slice(0, -1), label.slice(0, -1)) && spec.shape.length === label.length;
  if (!onlyLast || !expected || !found || !units) return 'reshape the labels, or the output of the head';
  return `set the head's units to ${(units / expected) * found}, or remap the labels`;
}

/**
 * What a label is, once it is known that labels of shape `label` go with a head's output.
 * @param output shape of one sample's output
 * @param label shape of one sample's label; axes of size 1 at its end don't matter
 * @param where the head, for errors: `head "digit"`
 * @throws ShapeError when the loss has no meaning for the output, or the two differ
 */
export function fitLabel(loss: Loss, output: Shape, label: Shape, where: string): LabelSpec {
  const spec = loss.label(output, where);
  if (alike(spec.shape, label)) return spec;
  throw new ShapeError({
    where: placeOfLoss(where, loss.type),
    expected: `labels ${formatBatchShape(spec.shape)} with an output ${formatBatchShape(output)}`,
    found: `labels ${formatBatchShape(label)}`,
    hint: hintFor(spec, output, label),
  });
}
