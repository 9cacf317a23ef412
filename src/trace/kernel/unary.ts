import type { Value } from '../../ir/graph.ts';
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

function step({ input, attrs, op }: KernelCall): Value {
  const x = cast(op, input('x'), 'float32');
  const y = op('Where', [op('Greater', [x, float(0)]), float(1), float(attrs?.alpha ?? 0)]);
  const result = op('Where', [nanIn(op, x), x, y]);
  return input('x').dtype === 'int32' ? cast(op, result, 'int32') : result;
}

function sign({ input, op }: KernelCall): Value {
  const x = asNumber(op, input('x'));
  return x.dtype === 'float32' ? op('Where', [nanIn(op, x), float(0), op('Sign', [x])]) : op('Sign', [x]);
}

const seluAlpha = 1.7580993408473768 / 1.0507009873554805;
const seluScale = 1.0507009873554805;

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
  Log1p: ({ input, op }) => op('Log', [op('Add', [cast(op, input('x'), 'float32'), float(1)])]),
  Expm1: ({ input, op }) => op('Sub', [op('Exp', [cast(op, input('x'), 'float32')]), float(1)]),
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
    const bound = (limit: number): Value => cast(op, float(limit), x.dtype);
    return op('Min', [op('Max', [x, bound(attrs.clipValueMin)]), bound(attrs.clipValueMax)]);
  },
  Cast: ({ input, attrs, op }) => cast(op, input('x'), attrs.dtype),
};
