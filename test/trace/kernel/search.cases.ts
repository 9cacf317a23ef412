import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { at, floats, integers, type KernelCase, shapes } from './case.ts';

export const cases: readonly KernelCase[] = [
  {
    kernel: 'TopK',
    finite: 'tfjs compares by subtraction, which has no answer for NaN',
    sample: (size) =>
      shapes(size, 1).chain((shape) =>
        fc.integer({ min: 0, max: shape.at(-1) as number }).map((k) => ({
          inputs: { x: floats(shape, 1) },
          run: (inputs) => {
            const { values, indices } = tf.topk(at(inputs, 'x'), k);
            return [values, indices];
          },
        })),
      ),
  },
  {
    kernel: 'TopK',
    variant: 'equal elements',
    gradient: 'none',
    sample: (size) =>
      shapes(size, 1).chain((shape) =>
        fc.integer({ min: 0, max: shape.at(-1) as number }).map((k) => ({
          inputs: { x: integers(shape, 2) },
          run: (inputs) => Object.values(tf.topk(at(inputs, 'x'), k)),
        })),
      ),
  },
  ...(['left', 'right'] as const).map(
    (side): KernelCase => ({
      kernel: 'SearchSorted',
      variant: side,
      gradient: 'none',
      finite: 'a sequence with NaN is not sorted',
      filled: 'tfjs infers a size from none',
      sample: (size) =>
        fc.tuple(shapes(size, 0, 2), size, size).map(([rows, length, count]) => ({
          inputs: {
            sequence: {
              shape: [...rows, length],
              values: Array.from(
                { length: rows.reduce((a, b) => a * b, 1) * length },
                (_, index) => (index % length) - 1,
              ),
            },
            values: integers([...rows, count], 4, -2),
          },
          run: (inputs) => tf.searchSorted(at(inputs, 'sequence'), tf.cast(at(inputs, 'values'), 'float32'), side),
        })),
      dtypes: [],
    }),
  ),
];
