import type { MaxPoolWithArgmaxAttrs } from '@tensorflow/tfjs-core';
import { type Shape, sizeOf } from '../../core/shape.ts';
import type { Attributes, Value } from '../../ir/graph.ts';
import { counting } from './creation.ts';
import { asCalled, channelsFirst, framed } from './frame.ts';
import {
  cast,
  filled,
  float,
  int32,
  type KernelCall,
  type Lowering,
  type LoweringTable,
  type SingleApply,
} from './lowering.ts';
import { taps } from './tap.ts';
import { after, fits, isPointwise, type Window, type WindowAttrs, windowAttributes, windowsOf } from './window.ts';

/** What poolings say about their window. */
export interface PoolAttrs extends WindowAttrs {
  readonly filterSize: number | readonly number[];
}

/** The windows of a pooling of an input `[batch, …, channels]`. */
export function poolWindows(shape: Shape, attrs: PoolAttrs): readonly Window[] {
  const { filterSize } = attrs;
  const lengths = typeof filterSize === 'number' ? shape.slice(2).map(() => filterSize) : filterSize;
  return windowsOf(shape, lengths.slice(0, shape.length - 2), attrs);
}

/** Whether ONNX's pooling can take these windows: it wants less padding than the window is long. */
function isDirect(windows: readonly Window[]): boolean {
  return fits(windows) && windows.every((window) => Math.max(window.before, after(window)) < window.length);
}

/** What each element of the window sees. */
function everyTap(op: SingleApply, x: Value, windows: readonly Window[], fill: number): readonly Value[] {
  const axes = windows.map((_, axis) => axis + 2);
  return taps(op, framed(op, x, windows, fill), windows, axes);
}

function poolingAttributes(windows: readonly Window[]): Attributes {
  const { dilations: _, ...attributes } = windowAttributes(windows);
  return attributes;
}

/**
 * Largest element of each window of `x` `[batch, channels, …]`. Where a window holds NaN, TensorFlow.js passes over
 * it; ONNX Runtime passes over it or keeps it, depending on its place in the window.
 */
function maxPool(op: SingleApply, x: Value, windows: readonly Window[]): Value {
  return isDirect(windows)
    ? op('MaxPool', [x], poolingAttributes(windows))
    : op('Max', everyTap(op, x, windows, Number.NEGATIVE_INFINITY));
}

/**
 * Mean of each window of `x` `[batch, channels, …]`, padding not counted. For a window that sees nothing but padding
 * it is NaN in an image and 0 in a volume, as in TensorFlow.js.
 */
function averagePool(op: SingleApply, x: Value, windows: readonly Window[]): Value {
  if (isDirect(windows)) return op('AveragePool', [x], { ...poolingAttributes(windows), count_include_pad: 0 });
  const ones = filled(op, 1, 'float32', [1, 1, ...windows.map(({ input }) => input)]);
  const [total, count] = [x, ones].map((value) => op('Sum', everyTap(op, value, windows, 0))) as [Value, Value];
  return op('Div', [total, op('Max', [count, float(windows.length === 3 ? 1 : 0)])]);
}

function pooling(pool: (op: SingleApply, x: Value, windows: readonly Window[]) => Value): Lowering {
  return ({ input, attrs, op }) => {
    const x = input('x');
    const windows = poolWindows(x.shape, attrs as PoolAttrs);
    if (isPointwise(windows)) return x;
    const shape = [x.shape[0] as number, ...windows.map(({ places }) => Math.max(0, places)), x.shape.at(-1) as number];
    if (sizeOf(shape) === 0) return filled(op, 0, x.dtype, shape);
    const y = pool(op, channelsFirst(op, cast(op, x, 'float32')), windows);
    return cast(op, asCalled(op, y), x.dtype);
  };
}

/** Positions count the elements of an image, or of the batch, with channels last. NaN is passed over. */
function withPositions({ input, attrs, op, ops, refuse }: KernelCall): readonly Value[] {
  const { includeBatchInIndex, ...rest } = attrs as MaxPoolWithArgmaxAttrs;
  const given = channelsFirst(op, cast(op, input('x'), 'float32'));
  const x = op('Where', [op('IsNaN', [given]), float(Number.NEGATIVE_INFINITY), given]);
  const windows = poolWindows(input('x').shape, rest);
  if (!isDirect(windows)) refuse('padding that is longer than the window', 'pad the images before');
  const [largest, position] = ops('MaxPool', [x], poolingAttributes(windows)) as [Value, Value];
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const firsts = counting(batch * channels, [batch, channels, 1, 1], 'int32', height * width);
  const place = op('Sub', [cast(op, position, 'int32'), firsts]);
  const channel = counting(channels, [1, channels, 1, 1]);
  const inImage = op('Add', [op('Mul', [place, int32([channels], [])]), channel]);
  const image = counting(batch, [batch, 1, 1, 1], 'int32', height * width * channels);
  const index = includeBatchInIndex ? op('Add', [inImage, image]) : inImage;
  return [cast(op, asCalled(op, largest), input('x').dtype), asCalled(op, index)];
}

export const poolings: LoweringTable = {
  MaxPool: pooling(maxPool),
  MaxPool3D: pooling(maxPool),
  AvgPool: pooling(averagePool),
  AvgPool3D: pooling(averagePool),
  MaxPoolWithArgmax: withPositions,
};
