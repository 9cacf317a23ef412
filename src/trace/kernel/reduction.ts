import { util } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../core/shape.ts';
import type { Value } from '../../ir/graph.ts';
import type { OpName } from '../../ir/op/index.ts';
import { asNumber, cast, filled, float, type KernelCall, type Lowering, type LoweringTable } from './lowering.ts';

type Prepare = (op: KernelCall['op'], x: Value) => Value;

const toFloat: Prepare = (op, x) => cast(op, x, 'float32');
const toInteger: Prepare = (op, x) => cast(op, x, 'int32');

/** The result of reducing nothing. */
const ofNothing: Partial<Record<OpName, number>> = {
  ReduceMax: Number.NEGATIVE_INFINITY,
  ReduceMin: Number.POSITIVE_INFINITY,
};

function reduce(name: OpName, prepare: Prepare, { input, attrs, op }: KernelCall): Value {
  const x = prepare(op, input('x'));
  const axes = util.parseAxisParam(attrs.reductionIndices ?? attrs.axis, [...x.shape]);
  const keep = Boolean(attrs.keepDims);
  if (axes.length === 0) return x;
  const nothing = ofNothing[name];
  if (nothing !== undefined && sizeOf(x.shape) === 0) {
    const shape = x.shape.flatMap((size, axis) => (!axes.includes(axis) ? [size] : keep ? [1] : []));
    return filled(op, nothing, x.dtype, shape);
  }
  return op(name, [x], { axes, keepdims: keep ? 1 : 0 });
}

function reducing(name: OpName, prepare: Prepare = asNumber): Lowering {
  return (call) => reduce(name, prepare, call);
}

/** ONNX Runtime's extrema pass over NaN; TensorFlow.js's keep it. */
function extremum(name: 'ReduceMax' | 'ReduceMin'): Lowering {
  return (call) => {
    const { input, attrs, op } = call;
    const result = reduce(name, asNumber, call);
    if (input('x').dtype === 'bool') return cast(op, result, 'bool');
    const x = input('x');
    if (x.dtype !== 'float32' || sizeOf(x.shape) === 0) return result;
    const axes = util.parseAxisParam(attrs.reductionIndices ?? attrs.axis, [...x.shape]);
    if (axes.length === 0) return result;
    const nans = op('ReduceMax', [cast(op, op('IsNaN', [x]), 'float32')], { axes, keepdims: attrs.keepDims ? 1 : 0 });
    return op('Where', [cast(op, nans, 'bool'), filled(op, Number.NaN, 'float32', []), result]);
  };
}

/** The place of an extremum, NaN passed over: ONNX Runtime's result depends on where the NaN is. */
function position(name: 'ArgMax' | 'ArgMin'): Lowering {
  const last = name === 'ArgMax' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return ({ input, attrs, op }) => {
    const given = asNumber(op, input('x'));
    const x = given.dtype === 'float32' ? op('Where', [op('IsNaN', [given]), float(last), given]) : given;
    const [axis] = util.parseAxisParam(attrs.axis, [...x.shape]) as [number];
    if (x.shape[axis] === 0) return filled(op, 0, 'int32', x.shape.toSpliced(axis, 1));
    return cast(op, op(name, [x], { axis, keepdims: 0 }), 'int32');
  };
}

function ofTruth(name: 'ReduceMin' | 'ReduceMax'): Lowering {
  return (call) => cast(call.op, reduce(name, toInteger, call), 'bool');
}

export const reduction: LoweringTable = {
  Sum: reducing('ReduceSum'),
  Mean: reducing('ReduceMean', toFloat),
  Prod: reducing('ReduceProd'),
  Max: extremum('ReduceMax'),
  Min: extremum('ReduceMin'),
  All: ofTruth('ReduceMin'),
  Any: ofTruth('ReduceMax'),
  ArgMax: position('ArgMax'),
  ArgMin: position('ArgMin'),
  Softmax: ({ input, attrs, op }) => {
    const x = cast(op, input('logits'), 'float32');
    return op('Softmax', [x], { axis: attrs.dim < 0 ? x.shape.length - 1 : attrs.dim });
  },
  LogSoftmax: ({ input, op }) => op('LogSoftmax', [cast(op, input('logits'), 'float32')], { axis: -1 }),
};
