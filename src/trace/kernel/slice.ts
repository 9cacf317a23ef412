import { type SliceAttrs, type StridedSliceAttrs, slice_util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { Shape } from '../../core/shape.ts';
import type { Value } from '../../ir/graph.ts';
import { reshaped } from './arrange.ts';
import type { KernelCall, LoweringTable, SingleApply } from './lowering.ts';

/** The block of `size` elements along each axis that begins at `begin`. */
export function sliced(op: SingleApply, x: Value, begin: readonly number[], size: readonly number[]): Value {
  const axes = x.shape.map((_, axis) => axis).filter((axis) => size[axis] !== x.shape[axis]);
  if (axes.length === 0) return x;
  return op('Slice', [x], {
    starts: axes.map((axis) => begin[axis] as number),
    ends: axes.map((axis) => (begin[axis] as number) + (size[axis] as number)),
    axes,
    steps: axes.map(() => 1),
  });
}

function slice({ input, attrs, op }: KernelCall): Value {
  const x = input('x');
  const { begin, size } = attrs as SliceAttrs;
  const info = { shape: [...x.shape] } as TensorInfo;
  const [starts, sizes] = slice_util.parseSliceParams(
    info as Parameters<typeof slice_util.parseSliceParams>[0],
    begin,
    size,
  );
  slice_util.assertParamsValid(info, starts as number[], sizes as number[]);
  return sliced(op, x, starts as number[], sizes as number[]);
}

/** Where a strided slice of a tensor begins and ends along each axis, and the shape of what it takes. */
export function stridesOf(shape: Shape, attrs: StridedSliceAttrs): ReturnType<typeof slice_util.sliceInfo> {
  const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = attrs;
  const masks = [beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask] as const;
  return slice_util.sliceInfo([...shape], begin, end, strides, ...masks);
}

function stridedSlice({ input, attrs, op }: KernelCall): Value {
  const x = input('x');
  const { begin, end, strides, finalShape } = stridesOf(x.shape, attrs as StridedSliceAttrs);
  const axes = x.shape.map((_, axis) => axis);
  const whole = axes.every((axis) => begin[axis] === 0 && end[axis] === x.shape[axis] && strides[axis] === 1);
  // Backward, ONNX counts an end of −1 from the back; what lies before the first element is further away.
  const ends = axes.map((axis) => ((end[axis] as number) < 0 ? -(x.shape[axis] as number) - 1 : (end[axis] as number)));
  const result = whole ? x : op('Slice', [x], { starts: begin, ends, axes, steps: strides });
  return reshaped(op, result, finalShape);
}

/** Kernels that take a part of a tensor. */
export const slices: LoweringTable = { Slice: slice, StridedSlice: stridedSlice };
