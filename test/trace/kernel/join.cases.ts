import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { at, floats, type KernelCase, type Sizes, shapeAndAxis } from './case.ts';

function join(
  kernel: string,
  run: (tensors: tf.Tensor[], axis: number) => tf.Tensor,
  sizesDiffer: boolean,
): KernelCase {
  const counts = (size: Sizes): fc.Arbitrary<number[]> => fc.array(size, { minLength: 1, maxLength: 4 });
  return {
    kernel,
    sample: (size) =>
      fc.tuple(shapeAndAxis(size, 3), counts(size)).map(([{ shape, axis }, sizes]) => ({
        inputs: Object.fromEntries(
          sizes.map((count, index) => [`x${index}`, floats(sizesDiffer ? shape.with(axis, count) : shape, index)]),
        ),
        run: (inputs) => run(Object.values(inputs), axis < 0 ? axis + shape.length : axis),
      })),
  };
}

/** Sizes of parts that add up to `total`. */
const parts = (total: number): fc.Arbitrary<number[]> =>
  fc.array(fc.nat({ max: total }), { maxLength: 3 }).map((cuts) => {
    const places = [0, ...cuts.sort((a, b) => a - b), total];
    return places.slice(1).map((place, index) => place - (places[index] as number));
  });

export const cases: readonly KernelCase[] = [
  join('Concat', tf.concat, true),
  join('Pack', tf.stack, false),
  {
    kernel: 'Unpack',
    sample: (size) =>
      shapeAndAxis(size).map(({ shape, axis }) => ({
        inputs: { x: floats(shape.with(axis, Math.max(1, shape.at(axis) as number)), 1) },
        run: (inputs) => tf.unstack(at(inputs, 'x'), axis),
      })),
  },
  {
    kernel: 'SplitV',
    sample: (size) =>
      shapeAndAxis(size).chain(({ shape, axis }) =>
        parts(shape.at(axis) as number).map((sizes) => ({
          inputs: { x: floats(shape, 1) },
          run: (inputs) => tf.split(at(inputs, 'x'), sizes, axis),
        })),
      ),
  },
  {
    kernel: 'SplitV',
    variant: 'equal parts',
    sample: (size) =>
      fc.tuple(shapeAndAxis(size), fc.integer({ min: 1, max: 3 })).map(([{ shape, axis }, count]) => ({
        inputs: { x: floats(shape.with(axis, (shape.at(axis) as number) * count), 1) },
        run: (inputs) => tf.split(at(inputs, 'x'), count, axis),
      })),
  },
];
