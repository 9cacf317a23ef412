import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { at, floats, type KernelCase, ofOne, onTrunkline, runKernel, type Sizes, shapeAndAxis, shapes } from './case.ts';

const pads = (rank: number, most: readonly number[]): fc.Arbitrary<[number, number][]> =>
  fc.tuple(...Array.from({ length: rank }, (_, axis) => fc.tuple(fc.nat({ max: most[axis] as number }), fc.nat({ max: most[axis] as number }))));

function mirrorPad(mode: 'reflect' | 'symmetric'): KernelCase {
  return {
    kernel: 'MirrorPad',
    variant: mode,
    sample: (size) =>
      shapes(size, 1, 3).chain((shape) =>
        pads(shape.length, shape.map((length) => Math.max(0, mode === 'reflect' ? length - 1 : length))).map((paddings) => ({
          inputs: { x: floats(shape, 1) },
          run: (inputs) => tf.mirrorPad(at(inputs, 'x'), paddings, mode),
        })),
      ),
    // Out of nothing, tfjs makes pads of nothing too; the reflection of an axis of size 0 would need −1 elements.
    ...(mode === 'reflect' ? { filled: 'there is nothing to reflect' } : {}),
  };
}

function join(kernel: string, run: (tensors: tf.Tensor[], axis: number) => tf.Tensor, sizesDiffer: boolean): KernelCase {
  const counts = (size: Sizes): fc.Arbitrary<number[]> => fc.array(size, { minLength: 1, maxLength: 4 });
  return {
    kernel,
    sample: (size) =>
      fc.tuple(shapeAndAxis(size, 3), counts(size)).map(([{ shape, axis }, sizes]) => ({
        inputs: Object.fromEntries(
          sizes.map((count, index) => [
            `x${index}`,
            floats(sizesDiffer ? shape.with(axis, count) : shape, index),
          ]),
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
  {
    kernel: 'Transpose',
    sample: (size) =>
      shapes(size, 2, 5).chain((shape) =>
        fc.shuffledSubarray(shape.map((_, axis) => axis), { minLength: shape.length }).map((perm) => ({
          inputs: { x: floats(shape, 1) },
          run: (inputs) => tf.transpose(at(inputs, 'x'), perm),
        })),
      ),
  },
  {
    kernel: 'Reverse',
    sample: (size) =>
      shapes(size, 1).chain((shape) =>
        fc.subarray(shape.map((_, axis) => axis), { minLength: 1 }).map((axes) => ({
          inputs: { x: floats(shape, 1) },
          run: (inputs) => tf.reverse(at(inputs, 'x'), axes),
        })),
      ),
  },
  {
    kernel: 'Tile',
    sample: (size) =>
      shapes(size, 1).chain((shape) =>
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: shape.length, maxLength: shape.length }).map((reps) => ({
          inputs: { x: floats(shape, 1) },
          run: (inputs) => tf.tile(at(inputs, 'x'), reps),
        })),
      ),
  },
  {
    kernel: 'BroadcastTo',
    sample: (size) =>
      shapes(size, 1).chain((shape) =>
        fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }).map((single) => ({
          inputs: { x: floats(shape.map((length, axis) => (single[axis] && length > 0 ? 1 : length)), 1) },
          run: ({ x }) =>
            onTrunkline(
              () => runKernel('BroadcastTo', { x: x as tf.Tensor }, { shape, inputShape: (x as tf.Tensor).shape }),
              () => tf.broadcastTo(x as tf.Tensor, shape),
            ),
        })),
      ),
  },
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
  {
    kernel: 'PadV2',
    sample: (size) =>
      shapes(size, 1).chain((shape) =>
        fc.tuple(pads(shape.length, shape.map(() => 2)), fc.constantFrom(0, 0.5, Number.NEGATIVE_INFINITY)).map(([paddings, value]) => ({
          inputs: { x: floats(shape, 1) },
          run: (inputs) => tf.pad(at(inputs, 'x'), paddings, at(inputs, 'x').dtype === 'float32' && Number.isFinite(value) ? value : 0),
        })),
      ),
  },
  mirrorPad('reflect'),
  mirrorPad('symmetric'),
  {
    kernel: 'BatchToSpaceND',
    sample: (size) =>
      fc.tuple(size, size, size, size).map(([batch, height, width, channels]) => ({
        inputs: { x: floats([batch * 6, height, width, channels], 1) },
        run: (inputs) => tf.batchToSpaceND(at(inputs, 'x'), [2, 3], [[Math.min(1, height), 0], [0, Math.min(2, width)]]),
      })),
  },
  {
    kernel: 'SpaceToBatchND',
    sample: (size) =>
      fc.tuple(size, size, size, size).map(([batch, height, width, channels]) => ({
        inputs: { x: floats([batch, 2 * height + 1, 3 * width + 1, channels], 1) },
        run: (inputs) => tf.spaceToBatchND(at(inputs, 'x'), [2, 3], [[1, 0], [1, 1]]),
      })),
  },
  {
    kernel: 'DepthToSpace',
    dtypes: [],
    sample: (size) =>
      fc.tuple(size, size, size, size, fc.constantFrom(2, 3)).map(([batch, height, width, channels, block]) => ({
        inputs: { x: floats([batch, height, width, channels * block * block], 1) },
        run: (inputs) => tf.depthToSpace(at(inputs, 'x') as tf.Tensor4D, block, 'NHWC'),
      })),
  },
  ofOne('ZerosLike', tf.zerosLike, { gradient: 'compared' }),
  ofOne('OnesLike', tf.onesLike, { gradient: 'compared' }),
  ofOne('Diag', (x) => tf.diag(x), { gradient: 'none' }),
];
