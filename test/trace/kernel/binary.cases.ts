import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { at, broadcastable, floats, integers, type KernelCase, ofOne, onTrunkline, runKernel, shapes, together } from './case.ts';

type Two = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;
type Domain = readonly [number, number];
interface Rest extends Omit<KernelCase, 'kernel' | 'sample'> {
  readonly a?: Domain;
  readonly b?: Domain;
}

/** A row for a function of two tensors that broadcast together. */
function ofTwo(kernel: string, run: Two, { a, b, ...row }: Rest = {}): KernelCase {
  const sample: KernelCase['sample'] = (size) =>
    broadcastable(size, 2).map(([first = [], second = []]) => ({
      inputs: { a: floats(first, 1, a), b: floats(second, 2, b) },
      run: (inputs) => run(at(inputs, 'a'), at(inputs, 'b')),
    }));
  return { kernel, sample, ...row };
}

const comparison = { gradient: 'none' } as const;
const truth = (x: tf.Tensor): tf.Tensor => tf.greater(x, 0);
const away: Domain = [0.4, 2];

export const cases: readonly KernelCase[] = [
  ofTwo('Add', tf.add),
  ofTwo('Sub', tf.sub),
  ofTwo('Multiply', tf.mul),
  ofTwo('RealDiv', tf.div, { b: away }),
  ofTwo('Maximum', tf.maximum),
  ofTwo('Minimum', tf.minimum),
  ofTwo('Pow', tf.pow, { a: away, dtypes: [] }),
  ofTwo('SquaredDifference', tf.squaredDifference),
  ofTwo('Atan2', tf.atan2, { a: [-2, 2], b: [-1.5, 1.7] }),
  ofTwo('Mod', tf.mod, { a: [-3, 3], b: [0.6, 1.4], gradient: 'compared' }),
  ofTwo('Mod', tf.mod, { variant: 'negative divisor', a: [-3, 3], b: [-1.4, -0.6], gradient: 'compared' }),
  ofTwo('FloorDiv', (a, b) => tf.floorDiv(tf.cast(tf.mul(a, 9), 'int32'), tf.cast(tf.mul(b, 9), 'int32')), { b: away, gradient: 'none', finite: 'of integers', dtypes: [] }),
  ofTwo('Equal', tf.equal, comparison),
  ofTwo('NotEqual', tf.notEqual, comparison),
  ofTwo('Greater', tf.greater, comparison),
  ofTwo('GreaterEqual', tf.greaterEqual, comparison),
  ofTwo('Less', tf.less, comparison),
  ofTwo('LessEqual', tf.lessEqual, comparison),
  ofTwo('LogicalAnd', (a, b) => tf.logicalAnd(truth(a), truth(b)), comparison),
  ofTwo('LogicalOr', (a, b) => tf.logicalOr(truth(a), truth(b)), comparison),
  ofTwo('LogicalXor', (a, b) => {
    const [left, right] = [truth(a), truth(b)];
    return onTrunkline(() => runKernel('LogicalXor', { a: left, b: right }), () => tf.notEqual(left, right));
  }, comparison),
  ofTwo('Prelu', tf.prelu),
  {
    kernel: 'BitwiseAnd',
    gradient: 'none',
    sample: (size) =>
      shapes(size).map((shape) => ({
        inputs: { a: integers(shape, 60, -9, 1), b: integers(shape, 50, 0, 2) },
        run: (inputs) => tf.bitwiseAnd(at(inputs, 'a'), at(inputs, 'b')),
      })),
  },
  {
    kernel: 'AddN',
    sample: (size) =>
      fc.tuple(shapes(size), fc.integer({ min: 1, max: 4 })).map(([shape, count]) => ({
        inputs: Object.fromEntries(Array.from({ length: count }, (_, index) => [`x${index}`, floats(shape, index)])),
        run: (inputs) => tf.addN(Object.values(inputs)),
      })),
  },
  {
    kernel: 'Select',
    sample: (size) =>
      broadcastable(size, 3).map(([condition = [], t = [], e = []]) => ({
        inputs: { c: { ...floats(condition, 1), dtype: 'bool', values: Array.from(floats(condition, 1).values, (value) => (value > 0 ? 1 : 0)) }, t: floats(t, 2), e: floats(e, 3) },
        run: (inputs) => tf.where(at(inputs, 'c'), at(inputs, 't'), at(inputs, 'e')),
      })),
  },
  {
    ...ofOne('EluGrad', (x) => runKernel('EluGrad', { dy: tf.cos(x), y: tf.elu(x) })),
    gradient: 'none',
    dtypes: [],
  },
];
void together;
