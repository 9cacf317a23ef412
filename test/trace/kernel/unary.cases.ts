import * as tf from '@tensorflow/tfjs-core';
import { type KernelCase, ofOne } from './case.ts';

const inside: readonly [number, number] = [-0.9, 0.9];
const positive: readonly [number, number] = [0.3, 3];
const wide: readonly [number, number] = [-3, 3];
const integral = { gradient: 'compared', domain: wide } as const;

export const cases: readonly KernelCase[] = [
  ofOne('Abs', tf.abs),
  ofOne('Neg', tf.neg),
  ofOne('Exp', tf.exp),
  ofOne('Expm1', tf.expm1),
  ofOne('Log', tf.log, { domain: positive }),
  ofOne('Log1p', tf.log1p, { domain: inside }),
  ofOne('Sqrt', tf.sqrt, { domain: positive }),
  ofOne('Rsqrt', tf.rsqrt, { domain: positive }),
  ofOne('Square', tf.square),
  ofOne('Reciprocal', tf.reciprocal, { domain: positive }),
  ofOne('Sin', tf.sin, { domain: wide }),
  ofOne('Cos', tf.cos, { domain: wide }),
  ofOne('Tan', tf.tan),
  ofOne('Asin', tf.asin, { domain: inside }),
  ofOne('Acos', tf.acos, { domain: inside }),
  ofOne('Atan', tf.atan, { domain: wide }),
  ofOne('Sinh', tf.sinh, { domain: wide }),
  ofOne('Cosh', tf.cosh, { domain: wide }),
  ofOne('Tanh', tf.tanh, { domain: wide }),
  ofOne('Asinh', tf.asinh, { domain: wide }),
  ofOne('Acosh', tf.acosh, { domain: [1.2, 3] }),
  ofOne('Atanh', tf.atanh, { domain: inside }),
  ofOne('Erf', tf.erf, { domain: wide }),
  ofOne('Sigmoid', tf.sigmoid, { domain: wide }),
  ofOne('Softplus', tf.softplus, { domain: wide }),
  ofOne('Elu', tf.elu),
  ofOne('Selu', tf.selu),
  ofOne('Relu', tf.relu),
  ofOne('Relu6', tf.relu6, { domain: [-4, 8] }),
  ofOne('LeakyRelu', (x) => tf.leakyRelu(x, 0.3)),
  ofOne('ClipByValue', (x) => tf.clipByValue(x, -0.5, 0.4)),
  ofOne('Floor', tf.floor, integral),
  ofOne('Ceil', tf.ceil, integral),
  ofOne('Round', tf.round, integral),
  ofOne('Sign', tf.sign, integral),
  ofOne('Step', (x) => tf.step(x, 0.3), integral),
  ofOne('IsNan', tf.isNaN, { gradient: 'none' }),
  ofOne('IsInf', tf.isInf, { gradient: 'none' }),
  ofOne('IsFinite', tf.isFinite, { gradient: 'none' }),
  ofOne('LogicalNot', (x) => tf.logicalNot(tf.greater(x, 0)), { gradient: 'none' }),
  ofOne('Cast', (x) => [tf.cast(x, 'int32'), tf.cast(x, 'bool'), tf.cast(x, 'float32')], {
    gradient: 'compared',
    domain: wide,
    finite: 'JavaScript makes 0 of NaN and infinities as integers, processors make something of their own',
  }),
];
