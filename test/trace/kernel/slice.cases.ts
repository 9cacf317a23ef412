import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { at, floats, type KernelCase, onTrunkline, shapes } from './case.ts';

/** A range of an axis as Python has it: ends before the first or after the last element, and steps backward. */
const range = (length: number): fc.Arbitrary<{ begin: number; end: number; step: number }> =>
  fc.record({
    begin: fc.integer({ min: -length - 1, max: length + 1 }),
    end: fc.integer({ min: -length - 1, max: length + 1 }),
    step: fc.constantFrom(1, 1, 2, 3, -1, -2),
  });

/** The block a range describes exists only if both ends lie inside and in order; TensorFlow.js needs that of simple slices. */
const ordered = (begin: number, end: number, length: number): [number, number] => {
  const clamped = [begin, end].map((place) => Math.min(Math.max(place < 0 ? place + length : place, 0), length));
  return clamped.sort((a, b) => a - b) as [number, number];
};

/** `x[-1, newaxis, ..., ::-2]`, which tfjs's cpu kernel gets wrong: it takes a dropped axis for the next one. */
const lastRowBackward = (x: tf.Tensor): tf.Tensor =>
  tf.stridedSlice(x, [-1, 0, 0, 0], [0, 0, 0, 0], [1, 1, 1, -2], 8, 8, 4, 2, 1);

export const cases: readonly KernelCase[] = [
  {
    kernel: 'Slice',
    sample: (size) =>
      shapes(size, 1).chain((shape) =>
        fc.tuple(...shape.map((length) => fc.tuple(fc.nat({ max: length }), fc.nat({ max: length })))).map((pairs) => {
          const begin = pairs.map((pair) => Math.min(...pair));
          const sizes = pairs.map((pair, axis) =>
            pair[0] < pair[1] ? Math.max(...pair) - (begin[axis] as number) : -1,
          );
          return { inputs: { x: floats(shape, 1) }, run: (inputs) => tf.slice(at(inputs, 'x'), begin, sizes) };
        }),
      ),
  },
  {
    kernel: 'StridedSlice',
    sample: (size) =>
      shapes(size, 1).chain((shape) =>
        fc
          .tuple(fc.tuple(...shape.map(range)), fc.nat({ max: 15 }), fc.nat({ max: 15 }))
          .map(([ranges, beginMask, endMask]) => {
            const isSimple = ranges.every(({ step }) => step === 1);
            const ends = ranges.map(({ begin, end }, axis) =>
              isSimple ? ordered(begin, end, shape[axis] as number) : [begin, end],
            );
            return {
              inputs: { x: floats(shape, 1) },
              run: (inputs) =>
                tf.stridedSlice(
                  at(inputs, 'x'),
                  ends.map(([begin]) => begin as number),
                  ends.map(([, end]) => end as number),
                  ranges.map(({ step }) => step),
                  beginMask,
                  endMask,
                ),
            };
          }),
      ),
  },
  {
    kernel: 'StridedSlice',
    variant: 'new, dropped and elided axes',
    filled: 'a dropped axis must have an element to keep',
    spelledOut: true,
    sample: (size) =>
      fc.tuple(size, size, size).map(([rows, columns, depth]) => ({
        inputs: { x: floats([rows, columns, depth], 1) },
        run: ({ x }) =>
          onTrunkline(
            () => lastRowBackward(x as tf.Tensor),
            () => {
              const last = tf.reverse(tf.slice(x as tf.Tensor, [rows - 1, 0, 0], [1, columns, depth]), 2);
              return tf.stridedSlice(last, [0, 0, 0], [1, columns, depth], [1, 1, 2]);
            },
          ),
      })),
  },
];
