import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import {
  at,
  broadcastable,
  countingTruths,
  floats,
  integers,
  type KernelCase,
  ofOne,
  onTrunkline,
  promoting,
  runKernel,
  shapes,
  truths,
} from './case.ts';

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
  ofTwo('Add', tf.add, countingTruths),
  ofTwo('Sub', tf.sub, countingTruths),
  ofTwo('Multiply', tf.mul, countingTruths),
  ofTwo('RealDiv', tf.div, { b: away, takenFor: { bool: 'float32' } }),
  ofTwo('Maximum', tf.maximum, countingTruths),
  ofTwo('Minimum', tf.minimum, countingTruths),
  ofTwo('Pow', tf.pow, { a: away, dtypes: [] }),
  ofTwo('SquaredDifference', tf.squaredDifference, countingTruths),
  ofTwo('Atan2', tf.atan2, { a: [-2, 2], b: [-1.5, 1.7], ...promoting }),
  ofTwo('Mod', tf.mod, { a: [-3, 3], b: [0.6, 1.4], gradient: 'compared', ...countingTruths }),
  ofTwo('Mod', tf.mod, {
    variant: 'negative divisor',
    a: [-3, 3],
    b: [-1.4, -0.6],
    gradient: 'compared',
    ...countingTruths,
  }),
  {
    kernel: 'FloorDiv',
    gradient: 'none',
    sample: (size) =>
      broadcastable(size, 2).map(([a = [], b = []]) => ({
        inputs: { a: integers(a, 30, -30, 1), b: integers(b, 9, 1, 2) },
        run: (inputs) => tf.floorDiv(at(inputs, 'a'), at(inputs, 'b')),
      })),
  },
  ofTwo('Equal', tf.equal, comparison),
  ofTwo('NotEqual', tf.notEqual, comparison),
  ofTwo('Greater', tf.greater, comparison),
  ofTwo('GreaterEqual', tf.greaterEqual, comparison),
  ofTwo('Less', tf.less, comparison),
  ofTwo('LessEqual', tf.lessEqual, comparison),
  ofTwo('LogicalAnd', (a, b) => tf.logicalAnd(truth(a), truth(b)), comparison),
  ofTwo('LogicalOr', (a, b) => tf.logicalOr(truth(a), truth(b)), comparison),
  ofTwo(
    'LogicalXor',
    (a, b) => {
      const [left, right] = [truth(a), truth(b)];
      return onTrunkline(
        () => runKernel('LogicalXor', { a: left, b: right }),
        () => tf.notEqual(left, right),
      );
    },
    comparison,
  ),
  ofTwo('Prelu', tf.prelu, { gradient: 'none' }),
  {
    kernel: 'Prelu',
    variant: 'of a channel',
    dtypes: [],
    sample: (size) =>
      shapes(size, 1).map((shape) => ({
        inputs: { x: floats(shape, 1), alpha: floats(shape.slice(-1), 2) },
        run: (inputs) => tf.prelu(at(inputs, 'x'), at(inputs, 'alpha')),
      })),
  },
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
    ...countingTruths,
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
        inputs: { c: truths(condition, 1), t: floats(t, 2), e: floats(e, 3) },
        run: (inputs) => tf.where(at(inputs, 'c'), at(inputs, 't'), at(inputs, 'e')),
      })),
  },
  {
    ...ofOne('EluGrad', (x) => runKernel('EluGrad', { dy: tf.cos(x), y: tf.elu(x) })),
    gradient: 'none',
    dtypes: [],
  },
];
