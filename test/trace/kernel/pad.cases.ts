import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { at, floats, type KernelCase, shapes } from './case.ts';

/** Numbers of elements to add before and after each axis, of which there are at most as many as `most` says. */
const paddings = (most: readonly number[]): fc.Arbitrary<[number, number][]> =>
  fc.tuple(...most.map((max) => fc.tuple(fc.nat({ max }), fc.nat({ max }))));

function mirrorPad(mode: 'reflect' | 'symmetric'): KernelCase {
  const skipped = mode === 'reflect' ? 1 : 0;
  return {
    kernel: 'MirrorPad',
    variant: mode,
    sample: (size) =>
      shapes(size, 1, 3).chain((shape) =>
        paddings(shape.map((length) => Math.max(0, length - skipped))).map((around) => ({
          inputs: { x: floats(shape, 1) },
          run: (inputs) => tf.mirrorPad(at(inputs, 'x'), around, mode),
        })),
      ),
    ...(mode === 'reflect' && { filled: 'the border itself is not repeated, and there is nothing else' }),
  };
}

export const cases: readonly KernelCase[] = [
  {
    kernel: 'PadV2',
    sample: (size) =>
      shapes(size, 1).chain((shape) =>
        fc.tuple(paddings(shape.map(() => 2)), fc.constantFrom(0, 0.5)).map(([around, value]) => ({
          inputs: { x: floats(shape, 1) },
          run: (inputs) => tf.pad(at(inputs, 'x'), around, at(inputs, 'x').dtype === 'float32' ? value : 0),
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
        run: (inputs) =>
          tf.batchToSpaceND(
            at(inputs, 'x'),
            [2, 3],
            [
              [Math.min(1, height), 0],
              [0, Math.min(2, width)],
            ],
          ),
      })),
  },
  {
    kernel: 'SpaceToBatchND',
    sample: (size) =>
      fc.tuple(size, size, size, size).map(([batch, height, width, channels]) => ({
        inputs: { x: floats([batch, 2 * height + 1, 3 * width + 1, channels], 1) },
        run: (inputs) =>
          tf.spaceToBatchND(
            at(inputs, 'x'),
            [2, 3],
            [
              [1, 0],
              [1, 1],
            ],
          ),
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
];
