import type { Value } from '../../ir/graph.ts';
import type { OpName } from '../../ir/op/index.ts';
import {
  cast,
  float,
  int32,
  type KernelCall,
  type Lowering,
  type LoweringTable,
  promote,
  type SingleApply,
} from './lowering.ts';

function arithmetic(name: OpName): Lowering {
  return ({ input, op }) => op(name, promote(op, [input('a'), input('b')]));
}

function logical(name: OpName): Lowering {
  return ({ input, op }) => op(name, [cast(op, input('a'), 'bool'), cast(op, input('b'), 'bool')]);
}

/**
 * A divisor without 0 and −1, at which processors trap: 1 in their place, and what to multiply the quotient by so that
 * it is a / −1, or the 0 that JavaScript makes of a / 0. Any integer leaves 0 when divided by 1, −1 or, there, 0.
 */
function divisor(op: SingleApply, b: Value): { readonly safe: Value; readonly factor: Value } {
  const [one, minusOne, zero] = [int32([1], []), int32([-1], []), int32([0], [])];
  const traps = op('Or', [op('Equal', [b, minusOne]), op('Equal', [b, zero])]);
  return { safe: op('Where', [traps, one, b]), factor: op('Where', [traps, b, one]) };
}

/** Remainder with the divisor's sign, for floats built from the one with the dividend's. */
function mod({ input, op }: KernelCall): Value {
  const [a, b] = promote(op, [input('a'), input('b')]) as [Value, Value];
  if (a.dtype !== 'float32') return op('Mod', [a, divisor(op, b).safe]);
  const remainder = op('Mod', [a, b], { fmod: 1 });
  const signsDiffer = op('Less', [op('Mul', [op('Sign', [remainder]), b]), float(0)]);
  return op('Where', [signsDiffer, op('Add', [remainder, b]), remainder]);
}

/** Whether numbers lie below 0, −0 included. */
function isNegative(op: SingleApply, x: Value): Value {
  return op('Or', [op('Less', [x, float(0)]), op('Less', [op('Reciprocal', [x]), float(0)])]);
}

/** The angle of (b, a), in (−π, π], from the arctangent of the ratio and the quadrant. */
function atan2({ input, op }: KernelCall): Value {
  const [a, b] = [cast(op, input('a'), 'float32'), cast(op, input('b'), 'float32')];
  const isZero = (x: Value): Value => op('Equal', [x, float(0)]);
  // The ratio of two infinities or two zeros is not a number; their signs alone say what the angle is.
  const infinite = op('And', [op('IsInf', [a]), op('IsInf', [b])]);
  const ratio = op('Where', [infinite, op('Mul', [op('Sign', [a]), op('Sign', [b])]), op('Div', [a, b])]);
  const angle = op('Atan', [op('Where', [op('And', [isZero(a), isZero(b)]), a, ratio])]);
  const turn = op('Where', [isNegative(op, a), float(-Math.PI), float(Math.PI)]);
  return op('Where', [isNegative(op, b), op('Add', [angle, turn]), angle]);
}

/** The quotient rounded down. Of integers it is exact: one less than the truncated one where that leaves another remainder. */
function floorDiv({ input, op }: KernelCall): Value {
  const [a, b] = promote(op, [input('a'), input('b')]) as [Value, Value];
  if (a.dtype === 'float32') return cast(op, op('Floor', [op('Div', [a, b])]), 'int32');
  const { safe, factor } = divisor(op, b);
  const truncated = op('Div', [a, safe]);
  const remainder = op('Sub', [a, op('Mul', [truncated, safe])]);
  const isFloor = op('Equal', [op('Mod', [a, safe]), remainder]);
  return op('Mul', [op('Sub', [truncated, cast(op, op('Not', [isFloor]), 'int32')]), factor]);
}

/** `x`, times `alpha` where it is below 0. ONNX's own operator does not repeat `x`. */
export function prelu(op: SingleApply, x: Value, alpha: Value): Value {
  return op('Where', [op('Less', [x, float(0)]), op('Mul', [x, alpha]), x]);
}

function addN({ list, op }: KernelCall): Value {
  const values = promote(op, list());
  if (values.length > 2 && values[0]?.dtype === 'float32') return op('Sum', values);
  return values.reduce((sum, value) => op('Add', [sum, value]));
}

export const binary: LoweringTable = {
  Add: arithmetic('Add'),
  Sub: arithmetic('Sub'),
  Multiply: arithmetic('Mul'),
  Maximum: arithmetic('Max'),
  Minimum: arithmetic('Min'),
  Pow: arithmetic('Pow'),
  Equal: arithmetic('Equal'),
  Greater: arithmetic('Greater'),
  GreaterEqual: arithmetic('GreaterOrEqual'),
  Less: arithmetic('Less'),
  LessEqual: arithmetic('LessOrEqual'),
  NotEqual: ({ input, op }) => op('Not', [op('Equal', promote(op, [input('a'), input('b')]))]),
  LogicalAnd: logical('And'),
  LogicalOr: logical('Or'),
  LogicalXor: logical('Xor'),
  BitwiseAnd: arithmetic('BitwiseAnd'),
  RealDiv: ({ input, op }) => op('Div', [cast(op, input('a'), 'float32'), cast(op, input('b'), 'float32')]),
  Atan2: atan2,
  FloorDiv: floorDiv,
  Mod: mod,
  SquaredDifference: ({ input, op }) => {
    const difference = op('Sub', promote(op, [input('a'), input('b')]));
    return op('Mul', [difference, difference]);
  },
  Prelu: ({ input, op }) => prelu(op, cast(op, input('x'), 'float32'), cast(op, input('alpha'), 'float32')),
  EluGrad: ({ input, op }) => {
    const [dy, y] = [input('dy'), input('y')];
    return op('Where', [op('GreaterOrEqual', [y, float(0)]), dy, op('Mul', [dy, op('Add', [y, float(1)])])]);
  },
  AddN: addN,
};
