import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { at, floats, integers, type KernelCase, type Sizes, shapes } from './case.ts';

/** Sizes of tables: one that is looked up has at least one row. */
const some = (size: Sizes): Sizes => size.map((count) => Math.max(1, count));

function coordinates(shape: readonly number[], depth: number, count: readonly number[]) {
  const columns = Array.from({ length: depth }, (_, axis) => integers(count, shape[axis] as number, 0, axis).values);
  const values = Array.from(columns[0] ?? [], (_, row) => columns.map((column) => column[row] as number)).flat();
  return { shape: [...count, depth], dtype: 'int32', values } as const;
}

/** A shape, how many of its axes are indexed, and how many slices there are. */
const indexed = (size: Sizes): fc.Arbitrary<{ shape: number[]; depth: number; count: number[] }> =>
  shapes(some(size), 1, 3).chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      depth: fc.integer({ min: 1, max: shape.length }),
      count: shapes(size, 1, 2),
    }),
  );

/** Different places along the first axis, so that there is no question which update is taken. */
const places = (count: number) =>
  ({ shape: [count, 1], dtype: 'int32', values: Array.from({ length: count }, (_, row) => row * 2) }) as const;

export const cases: readonly KernelCase[] = [
  {
    kernel: 'GatherV2',
    sample: (size) =>
      shapes(some(size), 1, 3).chain((shape) =>
        fc
          .tuple(fc.integer({ min: -shape.length, max: shape.length - 1 }), shapes(size, 0, 2))
          .map(([axis, count]) => ({
            inputs: { x: floats(shape, 1), indices: integers(count, shape.at(axis) as number) },
            run: (inputs) => tf.gather(at(inputs, 'x'), at(inputs, 'indices') as tf.Tensor1D, axis),
          })),
      ),
  },
  {
    kernel: 'GatherV2',
    variant: 'by row',
    filled: 'tfjs divides by the number of rows',
    sample: (size) =>
      fc.tuple(size, size, some(size), size, size, fc.boolean()).map(([rows, outer, length, inner, count, isOuter]) => {
        const shape = isOuter ? [rows, outer, length, inner] : [rows, length, inner];
        return {
          inputs: { x: floats(shape, 1), indices: integers([rows, count], length) },
          run: (inputs) => tf.gather(at(inputs, 'x'), at(inputs, 'indices') as tf.Tensor1D, isOuter ? 2 : 1, 1),
        };
      }),
  },
  {
    kernel: 'GatherNd',
    sample: (size) =>
      indexed(size).map(({ shape, depth, count }) => ({
        inputs: { x: floats(shape, 1), indices: coordinates(shape, depth, count) },
        run: (inputs) => tf.gatherND(at(inputs, 'x'), at(inputs, 'indices')),
      })),
  },
  {
    kernel: 'ScatterNd',
    dtypes: ['int32'],
    sample: (size) =>
      indexed(size).map(({ shape, depth, count }) => ({
        inputs: { indices: coordinates(shape, depth, count), updates: floats([...count, ...shape.slice(depth)], 1) },
        run: (inputs) => tf.scatterND(at(inputs, 'indices'), at(inputs, 'updates'), shape),
      })),
  },
  {
    kernel: 'TensorScatterUpdate',
    dtypes: [],
    sample: (size) =>
      fc.tuple(size, size).map(([count, width]) => ({
        inputs: { x: floats([2 * count + 1, width], 1), indices: places(count), updates: floats([count, width], 2) },
        run: (
          inputs, // tfjs's cpu kernel writes into its input.
        ) => tf.tensorScatterUpdate(tf.mul(at(inputs, 'x'), 2), at(inputs, 'indices'), at(inputs, 'updates')),
      })),
  },
  {
    kernel: 'SparseToDense',
    gradient: 'none',
    sample: (size) =>
      fc.tuple(size, fc.boolean()).map(([count, isScalar]) => ({
        inputs: { indices: places(count), values: floats(isScalar ? [] : [count], 1), rest: floats([], 2) },
        run: (inputs) =>
          tf.sparseToDense(
            at(inputs, 'indices'),
            at(inputs, 'values'),
            [2 * count + 1],
            at(inputs, 'rest') as tf.Scalar,
          ),
      })),
  },
  {
    kernel: 'UnsortedSegmentSum',
    finite: 'tfjs multiplies by 0 what belongs to other segments',
    dtypes: ['int32'],
    sample: (size) =>
      fc.tuple(shapes(size, 1, 3), some(size)).map(([shape, count]) => ({
        inputs: { x: floats(shape, 1), segments: integers(shape.slice(0, 1), count + 2, -2) },
        run: (inputs) => tf.unsortedSegmentSum(at(inputs, 'x'), at(inputs, 'segments') as tf.Tensor1D, count),
      })),
  },
  ...(['counted', 'weighted'] as const).flatMap((variant): KernelCase[] => {
    const weights = (shape: readonly number[]) => floats(variant === 'weighted' ? shape : [0], 1);
    return [
      {
        kernel: 'Bincount',
        variant,
        gradient: 'none',
        dtypes: ['int32'],
        sample: (size) =>
          size.map((count) => ({
            inputs: { x: integers([count], 6), weights: weights([count]) },
            run: (inputs) => tf.bincount(at(inputs, 'x') as tf.Tensor1D, at(inputs, 'weights') as tf.Tensor1D, 4),
          })),
      },
      ...[false, true].map(
        (binary): KernelCase => ({
          kernel: 'DenseBincount',
          variant: `${variant}${binary ? ', binary' : ''}`,
          gradient: 'none',
          dtypes: ['int32'],
          sample: (size) =>
            shapes(size, 1, 2).map((shape) => ({
              inputs: { x: integers(shape, 6), weights: weights(shape) },
              run: (inputs) =>
                tf.denseBincount(at(inputs, 'x') as tf.Tensor2D, at(inputs, 'weights') as tf.Tensor2D, 4, binary),
            })),
        }),
      ),
    ];
  }),
];
