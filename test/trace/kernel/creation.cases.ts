import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { uniformKernel } from '../../../src/trace/kernel/random.ts';
import { drawUniform, withRandom } from '../../../src/trace/random.ts';
import { at, integers, type KernelCase, ofOne, shapes } from './case.ts';

/** A row for a kernel without inputs; one that it does not use keeps the program from being empty. */
function made(
  kernel: string,
  variant: string,
  make: (sizes: readonly number[]) => tf.Tensor,
  rest: Partial<KernelCase> = {},
): KernelCase {
  return {
    kernel,
    variant,
    gradient: 'none',
    sample: (size) => shapes(size, 1).map((shape) => ({ inputs: { x: integers(shape, 5) }, run: () => make(shape) })),
    ...rest,
  };
}

const dtypes = ['float32', 'int32', 'bool'] as const;

export const cases: readonly KernelCase[] = [
  ...dtypes.map((dtype) => made('Fill', dtype, (shape) => tf.fill([...shape], 1, dtype))),
  made('Range', 'up', () => tf.range(-1, 4.3, 0.7)),
  made('Range', 'down', () => tf.range(5, -2, -2, 'int32')),
  made('Range', 'towards the end', () => tf.range(5, 2)),
  made('Range', 'nothing', () => tf.range(5, 7, -1)),
  made('LinSpace', 'numbers', () => tf.linspace(-1, 2, 7)),
  made('LinSpace', 'one number', () => tf.linspace(3, 9, 1)),
  ...dtypes.map(
    (dtype): KernelCase => ({
      kernel: 'OneHot',
      variant: dtype,
      gradient: 'none',
      sample: (size) =>
        fc.tuple(shapes(size, 0, 3), fc.integer({ min: 2, max: 5 })).map(([shape, depth]) => ({
          inputs: { indices: integers(shape, depth + 2, -2) },
          run: (inputs) => [
            tf.oneHot(at(inputs, 'indices'), depth, 1, 0, dtype),
            tf.oneHot(at(inputs, 'indices'), depth, 0, 1, dtype),
          ],
        })),
    }),
  ),
  {
    kernel: uniformKernel,
    gradient: 'none',
    tolerance: { relative: 0, absolute: 0 },
    sample: (size) =>
      shapes(size).map((shape) => ({
        inputs: { step: { shape: [], dtype: 'int32', values: [7] }, asMany: integers(shape, 2) },
        run: (inputs) => withRandom({ seed: 3, step: () => at(inputs, 'step') }, () => drawUniform(shape)),
      })),
  },
  ofOne('ZerosLike', tf.zerosLike, { gradient: 'compared' }),
  ofOne('OnesLike', tf.onesLike, { gradient: 'compared' }),
  ofOne('Diag', (x) => tf.diag(x), { gradient: 'none' }),
];
