import * as tf from '@tensorflow/tfjs-core';
import { countingTruths, type KernelCase, ofOne, onlyFloats, promoting } from './case.ts';

const inside: readonly [number, number] = [-0.9, 0.9];
const positive: readonly [number, number] = [0.3, 3];
const wide: readonly [number, number] = [-3, 3];
const integral = { gradient: 'compared', domain: wide } as const;

export const cases: readonly KernelCase[] = [
  ofOne('Abs', tf.abs, countingTruths),
  ofOne('Neg', tf.neg, countingTruths),
  ofOne('Exp', tf.exp),
  ofOne('Expm1', tf.expm1, { ...promoting }),
  ofOne('Log', tf.log, { ...onlyFloats, domain: positive }),
  ofOne('Log1p', tf.log1p, { ...promoting, domain: inside }),
  ofOne('Sqrt', tf.sqrt, { ...onlyFloats, domain: positive }),
  ofOne('Rsqrt', tf.rsqrt, { ...onlyFloats, domain: positive }),
  ofOne('Square', tf.square, countingTruths),
  ofOne('Reciprocal', tf.reciprocal, { ...promoting, domain: positive }),
  ofOne('Sin', tf.sin, { ...onlyFloats, domain: wide }),
  ofOne('Cos', tf.cos, { ...onlyFloats, domain: wide }),
  ofOne('Tan', tf.tan, { ...onlyFloats }),
  ofOne('Asin', tf.asin, { ...promoting, domain: inside }),
  ofOne('Acos', tf.acos, { ...promoting, domain: inside }),
  ofOne('Atan', tf.atan, { ...promoting, domain: wide }),
  ofOne('Sinh', tf.sinh, { ...promoting, domain: wide }),
  ofOne('Cosh', tf.cosh, { ...onlyFloats, domain: wide }),
  ofOne('Tanh', tf.tanh, { ...onlyFloats, domain: wide }),
  ofOne('Asinh', tf.asinh, { ...promoting, domain: wide }),
  ofOne('Acosh', tf.acosh, { ...promoting, domain: [1.2, 3] }),
  ofOne('Atanh', tf.atanh, { ...promoting, domain: inside }),
  ofOne('Erf', tf.erf, { dtypes: ['int32'], domain: wide }),
  ofOne('Sigmoid', tf.sigmoid, { ...onlyFloats, domain: wide }),
  ofOne('Softplus', tf.softplus, { ...promoting, domain: wide }),
  ofOne('Elu', tf.elu, { ...onlyFloats }),
  ofOne('Selu', tf.selu, { ...promoting }),
  ofOne('Relu', tf.relu, countingTruths),
  ofOne('Relu6', tf.relu6, { ...countingTruths, domain: [-4, 8] }),
  ofOne('LeakyRelu', (x) => tf.leakyRelu(x, 0.3)),
  ofOne('ClipByValue', (x) => tf.clipByValue(x, -0.5, 0.4), countingTruths),
  ofOne('Floor', tf.floor, { ...onlyFloats, ...integral }),
  ofOne('Ceil', tf.ceil, { ...onlyFloats, ...integral }),
  ofOne('Round', tf.round, integral),
  ofOne('Sign', tf.sign, { ...countingTruths, ...integral }),
  ofOne('Step', (x) => tf.step(x, 0.3), { takenFor: { bool: 'float32' }, ...integral }),
  { ...ofOne('Step', (x) => tf.step(x), { takenFor: { bool: 'float32' }, ...integral }), variant: 'zero' },
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
