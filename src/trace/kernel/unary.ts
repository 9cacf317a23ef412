import type { ClipByValueAttrs } from '@tensorflow/tfjs-core';
import type { DType } from '../../core/dtype.ts';
import { scalar, type Value } from '../../ir/graph.ts';
import type { OpName } from '../../ir/op/index.ts';
import {
  asNumber,
  cast,
  float,
  type KernelCall,
  type Lowering,
  type LoweringTable,
  type SingleApply,
} from './lowering.ts';

/** The same function under the same meaning, on float32. */
function direct(name: OpName): Lowering {
  return ({ input, op }) => op(name, [cast(op, input('x'), 'float32')]);
}

/** Rounding leaves integers as they are. */
function rounding(name: OpName): Lowering {
  return ({ input, op }) => (input('x').dtype === 'float32' ? op(name, [input('x')]) : input('x'));
}

function numeric(name: OpName): Lowering {
  return ({ input, op }) => op(name, [asNumber(op, input('x'))]);
}

const nanIn = (op: SingleApply, x: Value): Value => op('IsNaN', [x]);

/** A slope that takes every number above 2⁻¹²⁸ to 1 and more: the largest float32. Of smaller ones it makes less. */
const steepest = (2 - 2 ** -23) * 2 ** 127;

function step({ input, attrs, op }: KernelCall): Value {
  const x = cast(op, input('x'), 'float32');
  const below: number = attrs?.alpha ?? 0;
  const numbers = (): Value => op('Where', [op('Greater', [x, float(0)]), float(1), float(below)]);
  const result =
    below === 0 ? op('HardSigmoid', [x], { alpha: steepest, beta: 0 }) : op('Where', [nanIn(op, x), x, numbers()]);
  return input('x').dtype === 'int32' ? cast(op, result, 'int32') : result;
}

function sign({ input, op }: KernelCall): Value {
  const x = asNumber(op, input('x'));
  return x.dtype === 'float32' ? op('Where', [nanIn(op, x), float(0), op('Sign', [x])]) : op('Sign', [x]);
}

/**
 * log(1 + x), where u = 1 + x is rounded: log(u) · x / (u − 1), the quotient making up for the rounding. Near 0 and at
 * infinities, where there is no such quotient, x + log(u) is right: log(u) is 0, or as infinite as x, or not a number.
 * @see Goldberg 1991, "What every computer scientist should know about floating-point arithmetic", theorem 4
 */
function log1p(op: SingleApply, x: Value): Value {
  const u = op('Add', [x, float(1)]);
  const [quotient, logarithm] = [op('Div', [x, op('Sub', [u, float(1)])]), op('Log', [u])];
  const exists = op('Less', [op('Abs', [quotient]), float(2)]);
  return op('Where', [exists, op('Mul', [logarithm, quotient]), op('Add', [x, logarithm])]);
}

/** eˣ − 1 = tanh(x / 2) · (eˣ + 1), which cancels nowhere. */
function expm1(op: SingleApply, x: Value): Value {
  return op('Mul', [op('Tanh', [op('Mul', [x, float(0.5)])]), op('Add', [op('Exp', [x]), float(1)])]);
}

const seluAlpha = 1.7580993408473768 / 1.0507009873554805;
const seluScale = 1.0507009873554805;

/** A limit of numbers of this type. Integers have limits of their own: those that are infinite, or nearly, become them. */
function bound(dtype: DType, limit: number): Value {
  if (dtype === 'float32') return float(limit);
  return scalar(Math.min(Math.max(Math.trunc(limit), -(2 ** 31)), 2 ** 31 - 1), dtype);
}

export const unary: LoweringTable = {
  Abs: numeric('Abs'),
  Neg: numeric('Neg'),
  Exp: direct('Exp'),
  Log: direct('Log'),
  Sqrt: direct('Sqrt'),
  Reciprocal: direct('Reciprocal'),
  Sin: direct('Sin'),
  Cos: direct('Cos'),
  Tan: direct('Tan'),
  Asin: direct('Asin'),
  Acos: direct('Acos'),
  Atan: direct('Atan'),
  Sinh: direct('Sinh'),
  Cosh: direct('Cosh'),
  Tanh: direct('Tanh'),
  Asinh: direct('Asinh'),
  Acosh: direct('Acosh'),
  Atanh: direct('Atanh'),
  Erf: direct('Erf'),
  Sigmoid: direct('Sigmoid'),
  Softplus: direct('Softplus'),
  Elu: direct('Elu'),
  Floor: rounding('Floor'),
  Ceil: rounding('Ceil'),
  Round: rounding('Round'),
  Relu: numeric('Relu'),
  Sign: sign,
  Step: step,
  Relu6: ({ input, op }) => {
    const x = op('Relu', [asNumber(op, input('x'))]);
    return op('Min', [x, cast(op, float(6), x.dtype)]);
  },
  Selu: ({ input, op }) => op('Selu', [cast(op, input('x'), 'float32')], { alpha: seluAlpha, gamma: seluScale }),
  LeakyRelu: ({ input, attrs, op }) => op('LeakyRelu', [cast(op, input('x'), 'float32')], { alpha: attrs.alpha }),
  Log1p: ({ input, op }) => log1p(op, cast(op, input('x'), 'float32')),
  Expm1: ({ input, op }) => expm1(op, cast(op, input('x'), 'float32')),
  Rsqrt: ({ input, op }) => op('Reciprocal', [op('Sqrt', [cast(op, input('x'), 'float32')])]),
  Square: ({ input, op }) => {
    const x = asNumber(op, input('x'));
    return op('Mul', [x, x]);
  },
  IsNan: ({ input, op }) => nanIn(op, cast(op, input('x'), 'float32')),
  IsInf: ({ input, op }) => op('IsInf', [cast(op, input('x'), 'float32')]),
  IsFinite: ({ input, op }) => {
    const x = cast(op, input('x'), 'float32');
    return op('Not', [op('Or', [nanIn(op, x), op('IsInf', [x])])]);
  },
  LogicalNot: ({ input, op }) => op('Not', [cast(op, input('x'), 'bool')]),
  ClipByValue: ({ input, attrs, op }) => {
    const x = asNumber(op, input('x'));
    const { clipValueMin: least, clipValueMax: most } = attrs as ClipByValueAttrs;
    return op('Min', [op('Max', [x, bound(x.dtype, least)]), bound(x.dtype, most)]);
  },
  Cast: ({ input, attrs, op }) => cast(op, input('x'), attrs.dtype),
};
