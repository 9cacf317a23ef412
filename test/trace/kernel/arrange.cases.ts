import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { at, floats, type KernelCase, onTrunkline, runKernel, shapes } from './case.ts';

export const cases: readonly KernelCase[] = [
  {
    kernel: 'Transpose',
    sample: (size) =>
      shapes(size, 2, 5).chain((shape) =>
        fc
          .shuffledSubarray(
            shape.map((_, axis) => axis),
            { minLength: shape.length },
          )
          .map((perm) => ({
            inputs: { x: floats(shape, 1) },
            run: (inputs) => tf.transpose(at(inputs, 'x'), perm),
          })),
      ),
  },
  {
    kernel: 'Reverse',
    sample: (size) =>
      shapes(size, 1).chain((shape) =>
        fc
          .subarray(
            shape.map((_, axis) => axis),
            { minLength: 1 },
          )
          .map((axes) => ({
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
          inputs: {
            x: floats(
              shape.map((length, axis) => (single[axis] && length > 0 ? 1 : length)),
              1,
            ),
          },
          run: ({ x }) =>
            onTrunkline(
              () => runKernel('BroadcastTo', { x: x as tf.Tensor }, { shape, inputShape: (x as tf.Tensor).shape }),
              () => tf.broadcastTo(x as tf.Tensor, shape),
            ),
        })),
      ),
  },
];
