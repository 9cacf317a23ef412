import type { ResizeBilinearAttrs } from '@tensorflow/tfjs-core';
import { type Shape, sizeOf } from '../../core/shape.ts';
import { constant, type Value } from '../../ir/graph.ts';
import { asCalled, channelsFirst } from './frame.ts';
import { cast, filled, float, int32, type Lowering, type LoweringTable, type SingleApply } from './lowering.ts';

type Corners = Pick<ResizeBilinearAttrs, 'alignCorners' | 'halfPixelCenters'>;

function ratioOf(from: number, to: number, { alignCorners }: Corners): number {
  return alignCorners && to > 1 ? (from - 1) / (to - 1) : from / to;
}

/** Along an axis of an image, the element that each element of the result repeats. */
function nearest(from: number, to: number, corners: Corners): readonly number[] {
  const [ratio, half] = [ratioOf(from, to, corners), corners.halfPixelCenters ? 0.5 : 0];
  const round = corners.alignCorners ? Math.round : Math.floor;
  return Array.from({ length: to }, (_, at) => Math.min(from - 1, Math.max(0, round(ratio * (at + half)))));
}

/** Shares of the elements of the image in each element of the result, along one axis: `[to, from]`. */
export type Shares = (from: number, to: number, corners: Corners) => Float32Array;

export const nearestShares: Shares = (from, to, corners) => {
  const shares = new Float32Array(to * from);
  for (const [at, element] of nearest(from, to, corners).entries()) shares[at * from + element] = 1;
  return shares;
};

export const bilinearShares: Shares = (from, to, corners) => {
  const [ratio, half] = [ratioOf(from, to, corners), corners.halfPixelCenters ? 0.5 : 0];
  const shares = new Float32Array(to * from);
  for (let at = 0; at < to; at++) {
    const place = Math.min(from - 1, Math.max(0, ratio * (at + half) - half));
    const before = Math.floor(place);
    shares[at * from + before] = 1 - (place - before);
    if (place > before) shares[at * from + before + 1] = place - before;
  }
  return shares;
};

/** The transposed interpolation: dy `[batch, channels, height, width]`, brought back to the image's size by products. */
function backward(op: SingleApply, dy: Value, image: Shape, corners: Corners, sharesOf: Shares): Value {
  const [batch, channels, rows, columns] = dy.shape as [number, number, number, number];
  const [height, width] = image as [number, number];
  const shares = (from: number, to: number): Value => constant(sharesOf(from, to, corners), 'float32', [to, from]);
  const flat = op('Reshape', [dy], { shape: [batch * channels * rows, columns] });
  const narrow = op('Gemm', [flat, shares(width, columns)], { transA: 0, transB: 0 });
  const planes = op('Reshape', [narrow], { shape: [batch * channels, rows, width] });
  const product = op('FusedMatMul', [shares(height, rows), planes], { transA: 1, transB: 0 });
  return op('Reshape', [product], { shape: [batch, channels, height, width] });
}

function bilinear(op: SingleApply, x: Value, size: Shape, corners: Corners): Value {
  const aligned = corners.alignCorners ? 'align_corners' : 'asymmetric';
  const transformation = corners.halfPixelCenters ? 'half_pixel' : aligned;
  const sizes = [...x.shape.slice(0, 2), ...size];
  return op('Resize', [x], { sizes, mode: 'linear', coordinate_transformation_mode: transformation });
}

/** How many times each element is repeated, when that is the same number for all along each axis. */
function repetitions(image: Shape, size: Shape, corners: Corners): Shape | undefined {
  const times = image.map((from, axis) => (size[axis] as number) / from);
  const regular = image.every((from, axis) =>
    nearest(from, size[axis] as number, corners).every(
      (element, at) => element === Math.floor(at / (times[axis] as number)),
    ),
  );
  return regular && times.every(Number.isInteger) ? times : undefined;
}

/** `x` `[batch, channels, …]` with each element repeated along the spatial axes. */
export function repeated(op: SingleApply, x: Value, sizes: Shape): Value {
  const settings = { mode: 'nearest', nearest_mode: 'floor', coordinate_transformation_mode: 'asymmetric' };
  return op('Resize', [x], { sizes, ...settings });
}

function nearestNeighbor(op: SingleApply, x: Value, size: Shape, corners: Corners): Value {
  const image = x.shape.slice(2);
  if (repetitions(image, size, corners)) return repeated(op, x, [...x.shape.slice(0, 2), ...size]);
  return image.reduce((value, from, axis) => {
    const elements = int32(nearest(from, size[axis] as number, corners));
    return op('Gather', [value, elements], { axis: axis + 2 });
  }, x);
}

function nearestNeighborGradient(op: SingleApply, dy: Value, image: Shape, corners: Corners): Value {
  const times = repetitions(image, dy.shape.slice(2), corners);
  if (!times) return backward(op, dy, image, corners, nearestShares);
  const mean = op('AveragePool', [dy], { kernel_shape: times, strides: times, pads: [0, 0, 0, 0] });
  return op('Mul', [mean, float(sizeOf(times))]);
}

type Resizing = (op: SingleApply, x: Value, size: Shape, corners: Corners) => Value;

function resizing(resize: Resizing): Lowering {
  return ({ input, attrs, op }) => {
    const { size, ...corners } = attrs as ResizeBilinearAttrs;
    const images = input('images');
    const shape = [images.shape[0] as number, ...size, images.shape[3] as number];
    if (sizeOf(shape) === 0 || sizeOf(images.shape) === 0) return filled(op, 0, images.dtype, shape);
    return asCalled(op, resize(op, channelsFirst(op, images), size, corners));
  };
}

function gradient(resize: Resizing): Lowering {
  return ({ input, attrs, op }) => {
    const { shape } = input('images');
    const dy = cast(op, input('dy'), 'float32');
    if (sizeOf(shape) === 0 || sizeOf(dy.shape) === 0) return filled(op, 0, 'float32', shape);
    return asCalled(op, resize(op, channelsFirst(op, dy), shape.slice(1, 3), attrs as ResizeBilinearAttrs));
  };
}

export const resize: LoweringTable = {
  ResizeBilinear: resizing((op, x, ...rest) => bilinear(op, cast(op, x, 'float32'), ...rest)),
  ResizeNearestNeighbor: resizing(nearestNeighbor),
  ResizeBilinearGrad: gradient((op, dy, image, corners) => backward(op, dy, image, corners, bilinearShares)),
  ResizeNearestNeighborGrad: gradient(nearestNeighborGradient),
};
