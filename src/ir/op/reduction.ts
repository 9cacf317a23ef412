import type { DType } from '../../core/dtype.ts';
import { normalizeAxis, type Shape } from '../../core/shape.ts';
import {
  axisOf,
  type Call,
  floatTypes,
  integer,
  integers,
  numericTypes,
  type OpRule,
  operand,
  place,
  reject,
} from './rule.ts';

function reducedShape(call: Call, shape: Shape, axes: readonly number[]): Shape {
  const gone = new Set(axes.map((axis) => normalizeAxis(axis, shape.length, place(call))));
  return integer(call, 'keepdims', 1) === 1
    ? shape.map((size, axis) => (gone.has(axis) ? 1 : size))
    : shape.filter((_, axis) => !gone.has(axis));
}

function reduction(summary: string, types: readonly DType[]): OpRule {
  return {
    summary: `${summary} over 'axes'`,
    infer: (call) => {
      const x = operand(call, 0, types);
      return [{ dtype: x.dtype, shape: reducedShape(call, x.shape, integers(call, 'axes')) }];
    },
  };
}

function position(summary: string): OpRule {
  return {
    summary,
    infer: (call) => {
      const x = operand(call, 0, numericTypes);
      return [{ dtype: 'int64', shape: reducedShape(call, x.shape, [integer(call, 'axis')]) }];
    },
  };
}

function alongAxis(summary: string, types: readonly DType[]): OpRule {
  return {
    summary,
    infer: (call) => {
      const x = operand(call, 0, types);
      axisOf(call, x.shape.length, -1);
      return [{ dtype: x.dtype, shape: x.shape }];
    },
  };
}

/** Ops that combine the elements along one or more axes. */
export const reductions = {
  ReduceSum: reduction('sum', numericTypes),
  ReduceMean: reduction('mean', floatTypes),
  ReduceMax: reduction('maximum', numericTypes),
  ReduceMin: reduction('minimum', numericTypes),
  ReduceProd: reduction('product', numericTypes),
  ReduceSumSquare: reduction('sum of squares', floatTypes),
  ArgMax: position("position of the first largest element along 'axis'"),
  ArgMin: position("position of the first smallest element along 'axis'"),
  CumSum: alongAxis(
    "running sum along 'axis'; 'exclusive' leaves the element itself out, 'reverse' runs backward",
    numericTypes,
  ),
  Softmax: alongAxis("eˣ divided by its sum along 'axis'", floatTypes),
  LogSoftmax: alongAxis("logarithm of the softmax along 'axis'", floatTypes),
  TopK: {
    summary: "the 'k' largest elements along 'axis' in descending order, and their positions",
    infer: (call) => {
      const x = operand(call, 0, numericTypes);
      const axis = axisOf(call, x.shape.length, -1);
      const k = integer(call, 'k');
      if (k > (x.shape[axis] as number)) reject(call, `k of at most ${x.shape[axis]}`, `${k}`);
      const shape = x.shape.map((size, at) => (at === axis ? k : size));
      return [
        { dtype: x.dtype, shape },
        { dtype: 'int64', shape },
      ];
    },
  },
} as const satisfies Record<string, OpRule>;
