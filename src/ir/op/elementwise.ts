import type { DType } from '../../core/dtype.ts';
import { broadcastShapes, type Shape } from '../../core/shape.ts';
import {
  anyTypes,
  booleanTypes,
  type Call,
  floatTypes,
  integerTypes,
  numericTypes,
  type OpRule,
  operand,
  operands,
  place,
  reject,
} from './rule.ts';

/** Types ONNX Runtime's CPU kernel selects between. */
const selectedTypes: readonly DType[] = ['float32', 'int32', 'int64', 'uint8'];

function broadcastAll(call: Call, values: readonly { shape: Shape }[]): Shape {
  return values.reduce<Shape>((shape, value) => broadcastShapes(shape, value.shape, place(call)), []);
}

function unary(summary: string, types: readonly DType[], result?: DType): OpRule {
  return {
    summary,
    infer: (call) => {
      const x = operand(call, 0, types);
      return [{ dtype: result ?? x.dtype, shape: x.shape }];
    },
  };
}

/** Any number of operands of one type, broadcast together. */
function together(summary: string, types: readonly DType[], result?: DType): OpRule {
  return {
    summary,
    infer: (call) => {
      const values = operands(call, types);
      return [{ dtype: result ?? (values[0]?.dtype as DType), shape: broadcastAll(call, values) }];
    },
  };
}

/** Ops that compute each element from the elements at the same place. */
export const elementwise = {
  Abs: unary('|x|', numericTypes),
  Neg: unary('−x', numericTypes),
  Sign: unary('−1, 0 or 1', numericTypes),
  Exp: unary('eˣ', floatTypes),
  Log: unary('natural logarithm', floatTypes),
  Sqrt: unary('square root', floatTypes),
  Reciprocal: unary('1 / x', floatTypes),
  Floor: unary('largest integer not above x', floatTypes),
  Ceil: unary('smallest integer not below x', floatTypes),
  Round: unary('nearest integer, halves to even', floatTypes),
  Sin: unary('sine', floatTypes),
  Cos: unary('cosine', floatTypes),
  Tan: unary('tangent', floatTypes),
  Asin: unary('inverse sine', floatTypes),
  Acos: unary('inverse cosine', floatTypes),
  Atan: unary('inverse tangent', floatTypes),
  Sinh: unary('hyperbolic sine', floatTypes),
  Cosh: unary('hyperbolic cosine', floatTypes),
  Tanh: unary('hyperbolic tangent', floatTypes),
  Asinh: unary('inverse hyperbolic sine', floatTypes),
  Acosh: unary('inverse hyperbolic cosine', floatTypes),
  Atanh: unary('inverse hyperbolic tangent', floatTypes),
  Erf: unary('error function', floatTypes),
  Sigmoid: unary('1 / (1 + e⁻ˣ)', floatTypes),
  HardSigmoid: unary('alpha x + beta, at least 0 and at most 1', floatTypes),
  Softplus: unary('log(1 + eˣ)', floatTypes),
  Relu: unary('max(x, 0)', numericTypes),
  Elu: unary('x above 0, alpha (eˣ − 1) below', floatTypes),
  Selu: unary('gamma times elu', floatTypes),
  LeakyRelu: unary('x above 0, alpha x below', floatTypes),
  IsNaN: unary('whether x is not a number', floatTypes, 'bool'),
  IsInf: unary('whether x is infinite', floatTypes, 'bool'),
  Not: unary('logical negation', booleanTypes),
  Identity: unary('x itself', anyTypes),
  Cast: {
    summary: "x converted to the element type named by 'to'",
    infer: (call) => {
      const to = call.attributes.to as DType;
      if (!anyTypes.includes(to)) reject(call, `'to' as one of ${anyTypes.join(', ')}`, String(to));
      return [{ dtype: to, shape: operand(call, 0).shape }];
    },
  },
  Add: together('a + b', numericTypes),
  Sub: together('a − b', numericTypes),
  Mul: together('a b', numericTypes),
  Div: together('a / b; integers truncate toward 0', numericTypes),
  Mod: together("remainder with the divisor's sign; the dividend's with fmod=1", numericTypes),
  Pow: together('a to the power b', numericTypes),
  Max: together('largest of the operands', numericTypes),
  Min: together('smallest of the operands', numericTypes),
  Sum: together('sum of the operands', floatTypes),
  Equal: together('a = b', anyTypes, 'bool'),
  Greater: together('a > b', numericTypes, 'bool'),
  GreaterOrEqual: together('a ≥ b', numericTypes, 'bool'),
  Less: together('a < b', numericTypes, 'bool'),
  LessOrEqual: together('a ≤ b', numericTypes, 'bool'),
  And: together('logical and', booleanTypes),
  Or: together('logical or', booleanTypes),
  Xor: together('logical exclusive or', booleanTypes),
  BitShift: together("a shifted by b bits in 'direction' LEFT or RIGHT", ['uint32', 'uint8']),
  BitwiseXor: together('bitwise exclusive or', integerTypes),
  BitwiseAnd: together('bitwise and', integerTypes),
  Where: {
    summary: 'b where the condition holds, c elsewhere: a selection, so what is not selected never matters',
    infer: (call) => {
      const condition = operand(call, 0, booleanTypes);
      const [b, c] = [operand(call, 1, selectedTypes), operand(call, 2, selectedTypes)];
      if (b.dtype !== c.dtype) reject(call, 'two alternatives of one type', `${b.dtype} and ${c.dtype}`);
      return [{ dtype: b.dtype, shape: broadcastAll(call, [condition, b, c]) }];
    },
  },
} as const satisfies Record<string, OpRule>;
