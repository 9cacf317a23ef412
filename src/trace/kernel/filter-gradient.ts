import { sizeOf } from '../../core/shape.ts';
import type { Value } from '../../ir/graph.ts';
import { framed } from './frame.ts';
import { filled, type SingleApply } from './lowering.ts';
import { taps } from './tap.ts';
import type { Window } from './window.ts';

/**
 * What the windows see, laid out beside the channels along the last axis only: for each offset along the other axes.
 * The full layout would be as many times larger.
 * @param first the first spatial axis of `x`
 * @param channels the axis of its channels
 */
function views(
  op: SingleApply,
  x: Value,
  windows: readonly Window[],
  first: number,
  channels: number,
): readonly Value[] {
  const axes = windows.map((_, axis) => axis + first);
  const columns = op('Concat', taps(op, x, windows.slice(-1), axes.slice(-1)), { axis: channels });
  return taps(op, columns, windows.slice(0, -1), axes.slice(0, -1));
}

/** Products for each sample, and their sum: x and dy `[batch, channels, …]`. */
function sampleProducts(op: SingleApply, x: Value, dy: Value, windows: readonly Window[]): Value {
  const planes = (value: Value): Value => {
    const [batch, channels, ...places] = value.shape as [number, number, ...number[]];
    return op('Reshape', [value], { shape: [batch, channels, sizeOf(places)] });
  };
  const product = (view: Value): Value => op('FusedMatMul', [planes(view), planes(dy)], { transA: 0, transB: 1 });
  const products = op('Concat', views(op, x, windows, 2, 1).map(product), { axis: 1 });
  return op('ReduceSum', [products], { axes: [0], keepdims: 0 });
}

/** Products over all samples: x and dy `[batch, …, channels]`. */
function rowProducts(op: SingleApply, x: Value, dy: Value, windows: readonly Window[]): Value {
  const rows = (value: Value): Value => {
    const channels = value.shape.at(-1) as number;
    return op('Reshape', [value], { shape: [sizeOf(value.shape) / channels, channels] });
  };
  const product = (view: Value): Value => op('Gemm', [rows(view), rows(dy)], { transA: 1, transB: 0 });
  return op('Concat', views(op, x, windows, 1, windows.length + 1).map(product), { axis: 0 });
}

/** Channels last, by one transpose here: from `asCalled` it would be moved behind the slices, and done for each. */
function asRows(op: SingleApply, x: Value): Value {
  const [batch, channels, ...spatial] = x.shape as [number, number, ...number[]];
  const planes = op('Reshape', [x], { shape: [batch, channels, sizeOf(spatial)] });
  return op('Reshape', [op('Transpose', [planes], { perm: [0, 2, 1] })], { shape: [batch, ...spatial, channels] });
}

/** Places of the window up to which products over all samples are faster. */
const fewPlaces = 128;

/**
 * The gradient of `correlate` in its filter: products of what the window sees with dy. (A convolution with batch and
 * channels swapped would be one op, and takes twice as long.)
 * @param x `[batch, in, …]`
 * @param dy `[batch, out, …]`
 * @returns `[window…, in, out]`
 */
export function filterGradient(op: SingleApply, x: Value, dy: Value, windows: readonly Window[]): Value {
  const shape = [...windows.map(({ length }) => length), x.shape[1] as number, dy.shape[1] as number];
  if ([shape, x.shape, dy.shape].some((sizes) => sizeOf(sizes) === 0)) return filled(op, 0, 'float32', shape);
  const seen = framed(op, x, windows);
  const products = (): Value => {
    const isFew = sizeOf(dy.shape.slice(2)) <= fewPlaces;
    return isFew ? rowProducts(op, asRows(op, seen), asRows(op, dy), windows) : sampleProducts(op, seen, dy, windows);
  };
  return op('Reshape', [products()], { shape });
}
