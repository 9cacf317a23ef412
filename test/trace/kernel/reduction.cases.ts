import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import {
  at,
  countingTruths,
  floats,
  type KernelCase,
  onlyFloats,
  onTrunkline,
  promoting,
  runKernel,
  type Sizes,
  shapeAndAxis,
  shapes,
  truths,
} from './case.ts';

type Reduction = (x: tf.Tensor, axis?: number | number[], keepDims?: boolean) => tf.Tensor;
type Rest = Omit<KernelCase, 'kernel' | 'sample'> & { readonly of?: typeof floats };

/** A shape and some of its axes, or none named, which means all. */
function shapeAndAxes(size: Sizes): fc.Arbitrary<{ shape: number[]; axes: number[] | undefined }> {
  return shapes(size).chain((shape) =>
    fc.option(fc.subarray(shape.map((_, axis) => axis)), { nil: undefined, freq: 4 }).map((axes) => ({ shape, axes })),
  );
}

function overAxes(kernel: string, run: Reduction, { of = floats, ...row }: Rest = {}): KernelCase {
  return {
    kernel,
    sample: (size) =>
      fc.tuple(shapeAndAxes(size), fc.boolean()).map(([{ shape, axes }, keep]) => ({
        inputs: { x: of(shape, 1) },
        run: (inputs) => run(at(inputs, 'x'), axes, keep),
      })),
    ...row,
  };
}

function alongAxis(kernel: string, run: (x: tf.Tensor, axis: number) => tf.Tensor, row: Rest = {}): KernelCase {
  return {
    kernel,
    sample: (size) =>
      shapeAndAxis(size).map(({ shape, axis }) => ({
        inputs: { x: floats(shape, 1) },
        run: (inputs) => run(at(inputs, 'x'), axis),
      })),
    ...row,
  };
}

/** TensorFlow.js's scans do not count axes from the back. */
function scanning(kernel: string, run: (x: tf.Tensor, axis: number) => tf.Tensor, row: Rest = {}): KernelCase {
  return alongAxis(kernel, (x, axis) => run(x, axis < 0 ? axis + x.rank : axis), { ...countingTruths, ...row });
}

const ofTruth = { gradient: 'none', of: truths, dtypes: [] } as const;
const places = {
  gradient: 'none',
  finite: 'a NaN is nobody’s largest, and where there is one tfjs looks no further',
} as const;
const nothing = 'tfjs reads beyond the end of nothing';

export const cases: readonly KernelCase[] = [
  overAxes('Sum', tf.sum),
  overAxes('Mean', tf.mean, promoting),
  overAxes('Prod', tf.prod),
  overAxes('Max', tf.max, { filled: nothing }),
  overAxes('Min', tf.min, { filled: nothing }),
  overAxes('All', tf.all, ofTruth),
  overAxes('Any', tf.any, ofTruth),
  alongAxis('ArgMax', tf.argMax, places),
  alongAxis('ArgMin', tf.argMin, places),
  alongAxis('Softmax', (x) => tf.softmax(x), { ...onlyFloats }),
  alongAxis(
    'LogSoftmax',
    (x) =>
      onTrunkline(
        () => runKernel('LogSoftmax', { logits: x }, { axis: x.rank - 1 }),
        () => tf.logSoftmax(x),
      ),
    { ...onlyFloats },
  ),
  scanning('Cumsum', (x, axis) => tf.cumsum(x, axis)),
  scanning('Cumsum', (x, axis) => tf.cumsum(x, axis, true, true), { variant: 'exclusive, reverse' }),
  scanning('Cumprod', (x, axis) => tf.cumprod(x, axis)),
  scanning('Cumprod', (x, axis) => tf.cumprod(x, axis, true), { variant: 'exclusive' }),
  scanning('Cumprod', (x, axis) => tf.cumprod(x, axis, true, true), { variant: 'exclusive, reverse' }),
  {
    kernel: 'Cumprod',
    variant: 'with zeros',
    dtypes: [],
    sample: (size) =>
      fc.tuple(size, fc.integer({ min: 1, max: 9 })).map(([rows, length]) => {
        const values = Array.from({ length: rows * length }, (_, index) =>
          index % 3 === 1 ? 0 : (index % 5) / 2 - 0.75,
        );
        return { inputs: { x: { shape: [rows, length], values } }, run: (inputs) => tf.cumprod(at(inputs, 'x'), 1) };
      }),
  },
];
