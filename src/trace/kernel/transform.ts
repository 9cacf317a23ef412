import type { TransformAttrs } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../core/shape.ts';
import type { Value } from '../../ir/graph.ts';
import { counting } from './creation.ts';
import { cast, filled, float, int32, type KernelCall, type LoweringTable, type SingleApply } from './lowering.ts';

/** Places outside an axis of `length` elements, brought to places from which is read. */
type Fold = (op: SingleApply, at: Value, length: number) => Value;

function clamped(op: SingleApply, at: Value, length: number): Value {
  return op('Min', [op('Max', [at, float(0)]), float(length - 1)]);
}

/** How often `length` fits into `at`. */
function times(op: SingleApply, at: Value, length: number): Value {
  return op('Floor', [op('Div', [at, float(length)])]);
}

/** `before` for places before the first element, `behind` for those behind the last, then all brought to the axis. */
function folded(op: SingleApply, at: Value, length: number, before: Value, behind: Value): Value {
  const right = op('Where', [op('Greater', [at, float(length - 1)]), behind, at]);
  return clamped(op, op('Where', [op('Less', [at, float(0)]), before, right]), length);
}

/** [abcd] continues as [dcba|abcd|dcba]. */
const reflect: Fold = (op, at, length) => {
  if (length <= 1) return clamped(op, at, length);
  const period = 2 * length;
  const shift = (value: Value, count: Value): Value => op('Add', [value, op('Mul', [count, float(period)])]);
  const left = shift(at, times(op, op('Neg', [at]), period));
  const mirrored = op('Sub', [op('Neg', [left]), float(1)]);
  const before = op('Where', [op('Less', [left, float(-length)]), op('Add', [left, float(period)]), mirrored]);
  const right = shift(at, op('Neg', [times(op, at, period)]));
  const behind = op('Where', [
    op('GreaterOrEqual', [right, float(length)]),
    op('Sub', [float(period - 1), right]),
    right,
  ]);
  return folded(op, at, length, before, behind);
};

/** [abcd] continues as [abcd|abcd|abcd]. */
const wrap: Fold = (op, at, length) => {
  if (length <= 1) return clamped(op, at, length);
  const shift = (count: Value): Value => op('Add', [at, op('Mul', [count, float(length)])]);
  const before = shift(op('Add', [times(op, op('Neg', [at]), length - 1), float(1)]));
  return folded(op, at, length, before, shift(op('Neg', [times(op, at, length - 1)])));
};

const folds: Readonly<Record<TransformAttrs['fillMode'], Fold>> = {
  constant: (_, at) => at,
  nearest: clamped,
  reflect,
  wrap,
};

/**
 * Each element of the result is read from where its projective transform leads: of eight numbers a₀ … c₁ for each
 * image, x = (a₀x + a₁y + a₂) / (c₀x + c₁y + 1), and y likewise with b. The `cpu` backend transforms only one image.
 */
function transform({ input, attrs, op }: KernelCall): Value {
  const { interpolation, fillMode, fillValue, outputShape } = attrs as TransformAttrs;
  const [image, transforms] = [input('image'), input('transforms')];
  const [batch, height, width, channels] = image.shape as [number, number, number, number];
  const [rows, columns] = outputShape ?? [height, width];
  if (sizeOf(image.shape) === 0 || rows * columns === 0)
    return filled(op, fillValue, 'float32', [batch, rows, columns, channels]);
  const [x, y] = [counting(columns, [1, 1, columns], 'float32'), counting(rows, [1, rows, 1], 'float32')];
  const number = (at: number): Value => {
    const slice = op('Slice', [transforms], { axes: [1], starts: [at], ends: [at + 1], steps: [1] });
    return op('Reshape', [slice], { shape: [transforms.shape[0] as number, 1, 1] });
  };
  const linear = (first: number): Value =>
    op('Add', [op('Mul', [number(first), x]), op('Mul', [number(first + 1), y])]);
  const projection = op('Add', [linear(6), float(1)]);
  const vanishes = op('Equal', [projection, float(0)]);
  const divisor = op('Where', [vanishes, float(1), projection]);
  const place = (first: number, length: number): Value => {
    const at = op('Div', [op('Add', [linear(first), number(first + 2)]), divisor]);
    return folds[fillMode](op, at, length);
  };
  const [across, down] = [place(0, width), place(3, height)];
  const pixels = op('Reshape', [image], { shape: [batch * height * width, channels] });
  const firsts = counting(batch, [batch, 1, 1], 'int32', height * width);
  const all = (value: Value): Value => op('Reshape', [value], { shape: [...value.shape, 1] });
  const read = (row: Value, column: Value): Value => {
    const inside = (at: Value, length: number): Value => op('Equal', [at, clamped(op, at, length)]);
    const index = (at: Value, length: number): Value =>
      cast(op, op('Where', [inside(at, length), at, float(0)]), 'int32');
    const line = op('Add', [firsts, op('Mul', [index(row, height), int32([width], [])])]);
    const found = op('Gather', [pixels, op('Add', [line, index(column, width)])], { axis: 0 });
    return op('Where', [all(op('And', [inside(row, height), inside(column, width)])), found, float(fillValue)]);
  };
  const one = float(1);
  const mixed = (at: Value, from: (whole: Value) => Value): Value => {
    const before = op('Floor', [at]);
    const share = op('Sub', [at, before]);
    const [near, far] = [from(before), from(op('Add', [before, one]))];
    return op('Add', [op('Mul', [all(op('Sub', [one, share])), near]), op('Mul', [all(share), far])]);
  };
  const round = (at: Value): Value => op('Floor', [op('Add', [at, float(0.5)])]);
  const found =
    interpolation === 'bilinear'
      ? mixed(down, (row) => mixed(across, (column) => read(row, column)))
      : read(round(down), round(across));
  return op('Where', [all(vanishes), float(fillValue), found]);
}

export const transforming: LoweringTable = { Transform: transform };
