import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/engine/compile.ts';

const at = (inputs: Record<string, tf.Tensor>, name: string): tf.Tensor4D => inputs[name] as tf.Tensor4D;

const cases: readonly [string, Record<string, number[]>, (inputs: Record<string, tf.Tensor>) => tf.Tensor, string][] = [
  [
    'a transposed convolution to a size that its strides do not lead to',
    { x: [2, 5, 5, 3], filter: [3, 3, 4, 3] },
    (inputs) => tf.conv2dTranspose(at(inputs, 'x'), at(inputs, 'filter'), [2, 12, 10, 4], 2, 'same'),
    'Conv2DBackpropInput, tf.conv2dTranspose: expected a kernel that can be compiled; found [5, 5] places where an image [2, 12, 10, 4] has [6, 5]\n' +
      '  hint: choose the output shape, strides and padding of a transposed convolution so that they fit together',
  ],
  [
    'positions of maxima in windows that may see only padding',
    { x: [2, 5, 5, 3] },
    (inputs) => tf.maxPoolWithArgmax(at(inputs, 'x'), 2, 2, 2 as never).indexes as tf.Tensor,
    'MaxPoolWithArgmax, tf.maxPoolWithArgmax: expected a kernel that can be compiled; found padding that is longer than the window\n' +
      '  hint: pad the images before',
  ],
];

describe('windows that cannot be compiled', () => {
  it.each(cases)('%s', (_, shapes, run, message) => {
    const specs = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { shape }]));
    expect(() => compile((inputs) => ({ outputs: { y: run(inputs) } }), specs)).toThrow(message);
  });
});
