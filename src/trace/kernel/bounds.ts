import { util } from '@tensorflow/tfjs-core';
import { constantData, type Value } from '../../ir/graph.ts';
import { int32, type SingleApply } from './lowering.ts';

/**
 * Indices along an axis of `size` elements, such that using one that does not exist is an error and never garbage:
 * known ones are checked here, like TensorFlow.js does it; the others by ONNX Runtime, which ends the run with an error
 * that names the index. It would count negative ones from the end, so those become `size`, which is beyond it.
 */
export function checked(op: SingleApply, indices: Value, size: number, kernelName: string): Value {
  const data = constantData(indices) as Int32Array | undefined;
  if (!data) return op('Where', [op('Less', [indices, int32([0], [])]), int32([size], []), indices]);
  const wrong = data.find((index) => index < 0 || index >= size);
  util.assert(wrong === undefined, () => `${kernelName}: the index value ${wrong} is not in [0, ${size - 1}]`);
  return indices;
}

/** Like `checked`, for coordinates in the last axis of `indices`, one for each of `sizes`. */
export function checkedCoordinates(
  op: SingleApply,
  indices: Value,
  sizes: readonly number[],
  shape: readonly number[],
): Value {
  const data = constantData(indices) as Int32Array | undefined;
  if (!data) return op('Where', [op('Less', [indices, int32([0], [])]), int32(sizes), indices]);
  const wrong = data.findIndex((index, at) => index < 0 || index >= (sizes[at % sizes.length] as number));
  if (wrong >= 0) {
    const first = wrong - (wrong % sizes.length);
    throw new Error(`Invalid indices: ${data.slice(first, first + sizes.length)} does not index into ${shape}`);
  }
  return indices;
}
