import {
  add,
  type DepthToSpaceAttrs,
  type GradConfig,
  type MirrorPadAttrs,
  pad,
  reshape,
  reverse,
  type StridedSliceAttrs,
  slice,
  slice_util,
  sum,
  type Tensor,
  type TileAttrs,
  transpose,
  zeros,
} from '@tensorflow/tfjs-core';
import { stridesOf } from '../kernel/slice.ts';

/** TensorFlow.js adds up one slice for each repetition, and stops at rank 4. */
export const tileGradient: GradConfig = {
  kernelName: 'Tile',
  inputsToSave: ['x'],
  gradFunc: (dy, [x], attrs) => {
    const { reps } = attrs as unknown as TileAttrs;
    const { shape } = x as Tensor;
    const counted = shape.flatMap((size, axis) => [[reps[axis] as number, true] as const, [size, false] as const]);
    const divided = counted.filter(([size]) => size !== 1);
    const axes = divided.flatMap(([, isRepetition], axis) => (isRepetition ? [axis] : []));
    const parts = reshape(
      dy as Tensor,
      divided.map(([size]) => size),
    );
    return { x: () => reshape(axes.length > 0 ? sum(parts, axes) : parts, shape) };
  },
};

/** The part of `x` from `begin` on, `count` long, along one axis. */
function along(x: Tensor, axis: number, begin: number, count: number): Tensor {
  return slice(
    x,
    x.shape.map((_, at) => (at === axis ? begin : 0)),
    x.shape.with(axis, count),
  );
}

/** `x` with zeros before and after it along one axis. */
function within(x: Tensor, axis: number, before: number, after: number): Tensor {
  return pad(
    x,
    x.shape.map((_, at): [number, number] => (at === axis ? [before, after] : [0, 0])),
  );
}

/** TensorFlow.js leaves out the mirrored elements: their gradient belongs to the elements they mirror. */
export const mirrorPadGradient: GradConfig = {
  kernelName: 'MirrorPad',
  inputsToSave: ['x'],
  gradFunc: (dy, [x], attrs) => {
    const { paddings, mode } = attrs as unknown as MirrorPadAttrs;
    const skipped = mode === 'reflect' ? 1 : 0;
    const folded = (gradient: Tensor, [before, after]: [number, number], axis: number): Tensor => {
      const size = (x as Tensor).shape[axis] as number;
      const mirrored = (begin: number, count: number, at: number): Tensor =>
        within(reverse(along(gradient, axis, begin, count), axis), axis, at, size - at - count);
      const own = along(gradient, axis, before, size);
      const left = before > 0 ? add(own, mirrored(0, before, skipped)) : own;
      return after > 0 ? add(left, mirrored(before + size, after, size - after - skipped)) : left;
    };
    return { x: () => paddings.reduce(folded, dy as Tensor) };
  },
};

/** `x` with its elements `stride` apart along one axis from `begin` on, zeros between them, `size` places in all. */
function spread(x: Tensor, axis: number, begin: number, stride: number, size: number): Tensor {
  const [count, step] = [x.shape[axis] as number, Math.abs(stride)];
  const forward = stride > 0 ? x : reverse(x, axis);
  const first = stride > 0 ? begin : begin + (count - 1) * stride;
  const column = reshape(forward, x.shape.toSpliced(axis + 1, 0, 1));
  const spaced =
    step === 1 ? forward : reshape(within(column, axis + 1, 0, step - 1), x.shape.with(axis, count * step));
  const room = size - first;
  return within(along(spaced, axis, 0, Math.min(count * step, room)), axis, first, Math.max(room - count * step, 0));
}

export const stridedSliceGradient: GradConfig = {
  kernelName: 'StridedSlice',
  inputsToSave: ['x'],
  gradFunc: (dy, [x], attrs) => {
    const { shape } = x as Tensor;
    const { begin, end, strides } = stridesOf(shape, attrs as unknown as StridedSliceAttrs);
    const counts = slice_util.computeOutShape(begin, end, strides);
    const placed = (gradient: Tensor, size: number, axis: number): Tensor =>
      counts[axis] === size && strides[axis] === 1
        ? gradient
        : spread(gradient, axis, begin[axis] as number, strides[axis] as number, size);
    const empty = (dy as Tensor).size === 0;
    return { x: () => (empty ? zeros(shape) : shape.reduce(placed, reshape(dy as Tensor, counts))) };
  },
};

export const depthToSpaceGradient: GradConfig = {
  kernelName: 'DepthToSpace',
  inputsToSave: ['x'],
  gradFunc: (dy, [x], attrs) => {
    const { blockSize } = attrs as unknown as DepthToSpaceAttrs;
    const { shape } = x as Tensor;
    const [batch, height, width, depth] = shape as [number, number, number, number];
    const channels = depth / (blockSize * blockSize);
    const divided = reshape(dy as Tensor, [batch, height, blockSize, width, blockSize, channels]);
    return { x: () => reshape(transpose(divided, [0, 1, 3, 2, 4, 5]), shape) };
  },
};
