import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, it } from 'vitest';
import { compile } from '../../../src/engine/compile.ts';
import { applyPlainly } from '../../../src/ir/build.ts';
import { type Attributes, input, type Value } from '../../../src/ir/graph.ts';
import type { OpName } from '../../../src/ir/op/index.ts';
import { simplify } from '../../../src/ir/pass/simplify.ts';
import { formatGraph } from '../../../src/ir/text.ts';

const ops = (name: OpName, inputs: readonly Value[], attributes: Attributes = {}): readonly Value[] =>
  applyPlainly(name, inputs, attributes);
const op = (...call: Parameters<typeof ops>): Value => ops(...call)[0] as Value;
const x = (...shape: number[]): Value => input('x', 'float32', shape);
const y = (...shape: number[]): Value => input('y', 'float32', shape);
const text = (result: Value): string => formatGraph(simplify({ result })).replace(/float32 /g, '');
const last = (value: Value): Value => op('Transpose', [value], { perm: [0, 2, 3, 1] });
const first = (value: Value): Value => op('Transpose', [value], { perm: [0, 3, 1, 2] });
const window = { kernel_shape: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0] };

const cases: readonly [string, Value, string][] = [
  [
    'transposes what is repeated along the image instead of the image',
    first(op('Mul', [last(x(2, 3, 4, 5)), y(2, 1, 1, 3)])),
    '%0: [2, 3, 1, 1] = Reshape(y) {shape=[2, 3, 1, 1]}\n%1: [2, 3, 4, 5] = Mul(x, %0)\nresult = %1',
  ],
  [
    'transposes small operands instead of large ones',
    first(op('Mul', [last(x(9, 3, 4, 5)), y(4, 5, 3)])),
    '%0: [1, 4, 5, 3] = Reshape(y) {shape=[1, 4, 5, 3]}\n%1: [1, 3, 4, 5] = Transpose(%0) {perm=[0, 3, 1, 2]}\n%2: [9, 3, 4, 5] = Mul(x, %1)\nresult = %2',
  ],
  [
    'composes transposes of sequences, which are images of one row',
    op('Transpose', [op('Reshape', [last(x(2, 3, 1, 5))], { shape: [2, 5, 1, 3] })], { perm: [0, 3, 1, 2] }),
    '%0: [2, 3, 5, 1] = Reshape(x) {shape=[2, 3, 5, 1]}\nresult = %0',
  ],
  [
    'composes transposes of sequences that do not cancel',
    op('Transpose', [op('Reshape', [last(x(2, 3, 1, 5))], { shape: [2, 5, 3] })], { perm: [1, 0, 2] }),
    '%0: [2, 3, 5] = Reshape(x) {shape=[2, 3, 5]}\n%1: [5, 2, 3] = Transpose(%0) {perm=[2, 0, 1]}\nresult = %1',
  ],
  [
    'computes elementwise on sequences with channels first',
    first(
      op('Reshape', [op('Add', [op('Reshape', [last(x(2, 3, 1, 5))], { shape: [2, 5, 3] }), y(1, 3)])], {
        shape: [2, 1, 5, 3],
      }),
    ),
    '%0: [1, 3, 1, 1] = Reshape(y) {shape=[1, 3, 1, 1]}\n%1: [2, 3, 1, 5] = Add(x, %0)\nresult = %1',
  ],
  [
    'leaves a sequence as it is that an operand repeats along its axis of size 1',
    op('Add', [op('Reshape', [last(x(2, 3, 1, 5))], { shape: [2, 5, 1, 3] }), y(7, 3)]),
    '%0: [2, 1, 5, 3] = Transpose(x) {perm=[0, 2, 3, 1]}\n%1: [2, 5, 1, 3] = Reshape(%0) {shape=[2, 5, 1, 3]}\n%2: [2, 5, 7, 3] = Add(%1, y)\nresult = %2',
  ],
  [
    'leaves sequences as they are that were transposed in two ways',
    op('Add', [
      op('Reshape', [last(x(2, 3, 1, 5))], { shape: [2, 5, 3] }),
      op('Reshape', [op('Transpose', [y(5, 1, 2, 3)], { perm: [2, 1, 0, 3] })], { shape: [2, 5, 3] }),
    ]),
    [
      '%0: [2, 1, 5, 3] = Transpose(x) {perm=[0, 2, 3, 1]}',
      '%1: [2, 5, 3] = Reshape(%0) {shape=[2, 5, 3]}',
      '%2: [2, 1, 5, 3] = Transpose(y) {perm=[2, 1, 0, 3]}',
      '%3: [2, 5, 3] = Reshape(%2) {shape=[2, 5, 3]}',
      '%4: [2, 5, 3] = Add(%1, %3)',
      'result = %4',
    ].join('\n'),
  ],
  [
    'reduces sequences with channels first',
    op('ReduceMax', [op('Reshape', [last(x(2, 3, 1, 5))], { shape: [2, 5, 3] })], { axes: [-2], keepdims: 1 }),
    '%0: [2, 3, 1] = ReduceMax(x) {axes=[3], keepdims=0}\n%1: [2, 1, 3] = Reshape(%0) {shape=[2, 1, 3]}\nresult = %1',
  ],
  [
    'adds a bias inside a convolution',
    first(op('Add', [last(op('Conv', [x(2, 3, 4, 5), input('w', 'float32', [6, 3, 1, 1])], window)), y(6)])),
    '%0: [2, 6, 4, 5] = Conv(x, w, y) {kernel_shape=[1, 1], strides=[1, 1], pads=[0, 0, 0, 0]}\nresult = %0',
  ],
];

describe('the layout of images', () => {
  beforeEach(() => {
    tf.setBackend('cpu');
    tf.disposeVariables();
  });

  it.each(cases)('%s', (_, graph, expected) => {
    expect(text(graph)).toBe(expected);
  });

  it('is channels first from the first kernel of a network to the last, and back', () => {
    const stack = [
      layers.conv2d({ filters: 8, kernelSize: 3, padding: 'same' }),
      layers.batchNormalization(),
      layers.reLU(),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.depthwiseConv2d({ kernelSize: 3, strides: 2 }),
      layers.conv2d({ filters: 16, kernelSize: 1, activation: 'relu' }),
      layers.averagePooling2d({ poolSize: 2 }),
      layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' }),
      layers.globalAveragePooling2d({}),
    ];
    const network = (value: tf.Tensor): tf.Tensor =>
      stack.reduce((given, layer) => layer.apply(given, { training: true }) as tf.Tensor, value);
    const compiled = compile(({ images }) => ({ loss: tf.mean(tf.square(network(images as tf.Tensor))) }), {
      images: { shape: [5, 32, 32, 3] },
    });
    const transposed = compiled
      .text()
      .split('\n')
      .filter((line) => line.includes('= Transpose('));
    const ofImages = transposed.filter((line) => /: float32 \[5, \d+, \d+, \d+\]/.test(line));
    expect(ofImages).toEqual([expect.stringContaining('Transpose(input/images) {perm=[0, 3, 1, 2]}')]);
  });
});
