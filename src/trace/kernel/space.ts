import {
  type BatchToSpaceNDAttrs,
  backend_util,
  type DepthToSpaceAttrs,
  type SpaceToBatchNDAttrs,
} from '@tensorflow/tfjs-core';
import { sizeOf } from '../../core/shape.ts';
import { scalar, type Value } from '../../ir/graph.ts';
import { reshaped, transposed } from './arrange.ts';
import type { KernelCall, LoweringTable } from './lowering.ts';
import { sliced } from './slice.ts';

function batchToSpace({ input, attrs, op }: KernelCall): Value {
  const x = input('x');
  const { blockShape, crops } = attrs as BatchToSpaceNDAttrs;
  const [shape, block, count] = [[...x.shape], blockShape, sizeOf(blockShape)];
  const divided = reshaped(op, x, backend_util.getReshaped(shape, block, count));
  const interleaved = transposed(op, divided, backend_util.getPermuted(divided.shape.length, block.length));
  const whole = reshaped(op, interleaved, backend_util.getReshapedPermuted(shape, block, count));
  const cropped = (axis: number, side: 0 | 1): number => crops[axis - 1]?.[side] ?? 0;
  const begin = whole.shape.map((_, axis) => cropped(axis, 0));
  return sliced(
    op,
    whole,
    begin,
    whole.shape.map((size, axis) => size - cropped(axis, 0) - cropped(axis, 1)),
  );
}

function spaceToBatch({ input, attrs, op }: KernelCall): Value {
  const x = input('x');
  const { blockShape, paddings } = attrs as SpaceToBatchNDAttrs;
  const count = sizeOf(blockShape);
  const around = (side: 0 | 1): number[] =>
    x.shape.map((_, axis) => (axis === 0 ? 0 : (paddings[axis - 1]?.[side] ?? 0)));
  const pads = [...around(0), ...around(1)];
  const padded = pads.every((size) => size === 0) ? x : op('Pad', [x, scalar(0, x.dtype)], { pads });
  const shape = [...padded.shape];
  const divided = reshaped(op, padded, backend_util.getReshaped(shape, blockShape, count, false));
  const gathered = transposed(op, divided, backend_util.getPermuted(divided.shape.length, blockShape.length, false));
  return reshaped(op, gathered, backend_util.getReshapedPermuted(shape, blockShape, count, false));
}

function depthToSpace({ input, attrs, op, refuse }: KernelCall): Value {
  const x = input('x');
  const { blockSize: block, dataFormat } = attrs as DepthToSpaceAttrs;
  if (dataFormat !== 'NHWC') refuse(`data format ${dataFormat}`, "transpose the images and use 'NHWC'");
  const [batch, height, width, depth] = x.shape as [number, number, number, number];
  const channels = depth / (block * block);
  const divided = reshaped(op, x, [batch, height, width, block, block, channels]);
  const interleaved = transposed(op, divided, [0, 1, 3, 2, 4, 5]);
  return reshaped(op, interleaved, [batch, height * block, width * block, channels]);
}

/** Kernels that move elements between the batch or the channels and the spatial axes. */
export const space: LoweringTable = {
  BatchToSpaceND: batchToSpace,
  SpaceToBatchND: spaceToBatch,
  DepthToSpace: depthToSpace,
};
