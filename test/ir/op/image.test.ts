import { describe, expect, it } from 'vitest';
import { applyPlainly } from '../../../src/ir/build.ts';
import { type Attributes, input, type Value } from '../../../src/ir/graph.ts';
import type { OpName } from '../../../src/ir/op/index.ts';

const x = (...shape: number[]): Value => input('x', 'float32', shape);
const positions = (...shape: number[]): Value => input('positions', 'int64', shape);
const linear = { mode: 'linear', coordinate_transformation_mode: 'half_pixel' };
const window = { kernel_shape: [2, 2], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] };

const legal: readonly [OpName, readonly Value[], Attributes, string][] = [
  ['Resize', [x(2, 3, 4, 5)], { sizes: [2, 3, 8, 15], ...linear }, '2,3,8,15'],
  [
    'Col2Im',
    [x(6, 4, 9)],
    { image_shape: [4, 4], block_shape: [2, 2], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] },
    '6,1,4,4',
  ],
  ['Conv', [x(2, 3, 4, 5), x(6, 3, 2, 2), x(6)], window, '2,6,3,4'],
  ['MaxUnpool', [x(2, 3, 4, 5), positions(2, 3, 4, 5)], { ...window, strides: [2, 3] }, '2,3,8,14'],
];

const illegal: readonly [OpName, readonly Value[], Attributes, string][] = [
  ['Resize', [x(2, 3, 4, 5)], { sizes: [8, 15], ...linear }, 'Resize: expected 4 sizes; found [8, 15]'],
  ['Resize', [x(2, 3)], { sizes: [4, 6], mode: 'cubic' }, "Resize: expected 'mode' as nearest or linear; found cubic"],
  [
    'Col2Im',
    [x(6, 4, 8)],
    { image_shape: [4, 4], block_shape: [2, 2], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] },
    'Col2Im: expected [N, C · 4, 9]; found [6, 4, 8]',
  ],
  [
    'MaxUnpool',
    [x(2, 3, 4, 5), positions(2, 3, 4)],
    window,
    'MaxUnpool: expected positions [2, 3, 4, 5]; found [2, 3, 4]',
  ],
  ['Conv', [x(2, 3, 4, 5), x(6, 3, 2, 2), x(5)], window, 'Conv: expected a bias [6]; found [5]'],
];

describe('rules of ops on images', () => {
  it.each(legal)('%s is legal', (op, inputs, attributes, shape) => {
    expect(`${applyPlainly(op, inputs, attributes)[0]?.shape}`).toBe(shape);
  });

  it.each(illegal)('%s is illegal', (op, inputs, attributes, message) => {
    expect(() => applyPlainly(op, inputs, attributes)).toThrow(message);
  });
});
