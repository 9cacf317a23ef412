import { util } from '@tensorflow/tfjs-core';
import { type Shape, sizeOf } from '../../core/shape.ts';
import { constantData, type Value } from '../../ir/graph.ts';
import { cast, int32, type SingleApply } from './lowering.ts';

/**
 * Indices along an axis of `size` elements that ONNX Runtime refuses where they do not exist, ending the run with an error
 * that names the index: it would count negative ones from the end, so those become `size`, which is beyond it.
 */
const refusable = (op: SingleApply, indices: Value, size: number): Value =>
  op('Where', [op('Less', [indices, int32([0], [])]), int32([size], []), indices]);

/**
 * Indices along an axis of `size` elements, such that using one that does not exist is an error and never garbage:
 * known ones are checked here, like TensorFlow.js does it; the others by ONNX Runtime.
 */
export function checked(op: SingleApply, indices: Value, size: number, kernelName: string): Value {
  const data = constantData(indices) as Int32Array | undefined;
  if (!data) return refusable(op, indices, size);
  const wrong = data.find((index) => index < 0 || index >= size);
  util.assert(wrong === undefined, () => `${kernelName}: the index value ${wrong} is not in [0, ${size - 1}]`);
  return indices;
}

/** @throws Error, TensorFlow.js's own, when the coordinates in the last axis of `indices` are known and do not exist */
function refuseOutside(indices: Value, sizes: readonly number[], shape: Shape): void {
  const data = constantData(indices) as Int32Array | undefined;
  const wrong = data?.findIndex((index, at) => index < 0 || index >= (sizes[at % sizes.length] as number)) ?? -1;
  if (wrong < 0) return;
  const first = wrong - (wrong % sizes.length);
  throw new Error(`Invalid indices: ${data?.slice(first, first + sizes.length)} does not index into ${shape}`);
}

/** Like `checked`, for coordinates in the last axis of `indices`, which index the first axes of `shape`. */
export function checkedCoordinates(op: SingleApply, indices: Value, shape: Shape): Value {
  const sizes = shape.slice(0, indices.shape.at(-1));
  refuseOutside(indices, sizes, shape);
  if (constantData(indices)) return indices;
  return op('Where', [op('Less', [indices, int32([0], [])]), int32(sizes), indices]);
}

/**
 * Which of all slices of a tensor, one after the other, coordinates `[count, depth]` mean: `[count, 1]`. For those that
 * do not exist it is one beyond the last, which ONNX Runtime refuses.
 */
export function sliceNumbers(op: SingleApply, coordinates: Value, shape: Shape): Value {
  const sizes = shape.slice(0, coordinates.shape[1]);
  refuseOutside(coordinates, sizes, shape);
  if (sizes.length === 1)
    return constantData(coordinates) ? coordinates : refusable(op, coordinates, sizes[0] as number);
  const total = (value: Value): Value => op('ReduceSum', [value], { axes: [1], keepdims: 1 });
  const number = total(op('Mul', [coordinates, int32(sizes.map((_, axis) => sizeOf(sizes.slice(axis + 1))))]));
  if (constantData(coordinates)) return number;
  const outside = op('Or', [
    op('Less', [coordinates, int32([0], [])]),
    op('GreaterOrEqual', [coordinates, int32(sizes)]),
  ]);
  const anyOutside = cast(op, total(cast(op, outside, 'int32')), 'bool');
  return op('Where', [anyOutside, int32([sizeOf(sizes)], []), number]);
}
