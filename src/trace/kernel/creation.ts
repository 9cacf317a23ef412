import type { FillAttrs, LinSpaceAttrs, OneHotAttrs, RangeAttrs } from '@tensorflow/tfjs-core';
import { allocateArray, type DType } from '../../core/dtype.ts';
import { type Shape, sizeOf } from '../../core/shape.ts';
import { constant, scalar, type Value } from '../../ir/graph.ts';
import { reshaped } from './arrange.ts';
import { cast, filled, type KernelCall, type LoweringTable } from './lowering.ts';
import { selected } from './select.ts';

/** 0, `step`, 2 `step`, … under a shape of `count` elements. */
export function counting(count: number, shape: Shape = [count], dtype: DType = 'int32', step = 1): Value {
  const values = allocateArray(dtype, count) as Int32Array;
  for (let index = 0; index < count; index++) values[index] = index * step;
  return constant(values, dtype, shape);
}

/** Numbers each made from the one before by adding `step` in the type's precision, as TensorFlow.js does it. */
function progression(dtype: DType, start: number, step: number, count: number): Value {
  const values = allocateArray(dtype, count) as Float32Array;
  if (count > 0) values[0] = start;
  for (let index = 1; index < count; index++) values[index] = (values[index - 1] as number) + step;
  return constant(values, dtype, [count]);
}

function range({ attrs }: KernelCall): Value {
  const { start, stop, step, dtype } = attrs as RangeAttrs;
  const away = (start < stop && step < 0) || (stop < start && step > 1);
  if (start === stop || away) return progression(dtype, start, step, 0);
  // A positive step of 1, the default, means "towards the end".
  const directed = stop < start && step === 1 ? -1 : step;
  return progression(dtype, start, directed, Math.abs(Math.ceil((stop - start) / step)));
}

function oneHot({ input, attrs, op }: KernelCall): Value {
  const indices = cast(op, input('indices'), 'int32');
  const { depth, onValue, offValue, dtype } = attrs as OneHotAttrs;
  const column = reshaped(op, indices, [...indices.shape, 1]);
  const hot = op('Equal', [column, counting(depth)]);
  const type = (dtype ?? 'float32') as DType;
  if (onValue === 1 && offValue === 0) return cast(op, hot, type);
  return selected(op, hot, scalar(onValue, type), scalar(offValue, type));
}

/** The elements on the diagonal of a matrix, indexed by the axes of `x` twice. */
function diag({ input, op }: KernelCall): Value {
  const x = input('x');
  const size = sizeOf(x.shape);
  const places = counting(size);
  const onDiagonal = op('Equal', [reshaped(op, places, [size, 1]), places]);
  const matrix = selected(op, onDiagonal, reshaped(op, x, [size]), scalar(0, x.dtype));
  return reshaped(op, matrix, [...x.shape, ...x.shape]);
}

function like(value: number): LoweringTable[string] {
  return ({ input, op }) => filled(op, value, input('x').dtype, input('x').shape);
}

/** Kernels whose results are known from shapes and attributes alone, or nearly. */
export const creation: LoweringTable = {
  Fill: ({ attrs, op }) => {
    const { shape, value, dtype } = attrs as FillAttrs;
    return filled(op, value as number, dtype as DType, shape);
  },
  ZerosLike: like(0),
  OnesLike: like(1),
  Range: range,
  LinSpace: ({ attrs }) => {
    const { start, stop, num } = attrs as LinSpaceAttrs;
    return progression('float32', start, (stop - start) / (num - 1), num);
  },
  OneHot: oneHot,
  Diag: diag,
};
