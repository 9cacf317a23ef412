import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { beforeEach, expect, it } from 'vitest';
import { trunklineBackend } from '../../src/engine/backend.ts';
import { compile } from '../../src/engine/compile.ts';
import { explain } from '../../src/engine/explain.ts';

trunklineBackend();
beforeEach(() => {
  tf.setBackend('cpu');
  tf.disposeVariables();
});

it('says what a step takes, gives, computes, and what is frozen into it', () => {
  const scale = tf.variable(tf.tensor([1, 2, 3]), true, 'scale');
  const shift = layers.activation({ activation: 'relu', name: 'positive' });
  const compiled = compile(
    ({ x }) => ({
      loss: tf.sum(tf.mul(shift.apply(tf.add(x as tf.Tensor, [0.5, 1, 2])) as tf.Tensor, scale)),
    }),
    { x: { shape: [2, 3] } },
  );
  const text = explain(compiled)
    .replace(/[\d.]+ KiB|\d+ bytes/, 'SIZE')
    .replace(/in \d+ ms/, 'in T ms');
  expect(text.split('\n').slice(0, 15)).toEqual([
    expect.stringMatching(/^stage 0: \d+ operations, SIZE$/),
    'recorded and compiled in T ms',
    '',
    'takes:',
    '  input/x: float32 [2, 3]',
    '  parameter/scale: float32 [3]',
    '',
    'gives:',
    '  loss: float32 []',
    '  gradient/scale: float32 [3]',
    '',
    'frozen constants:',
    '  float32 [3], made in tf.add',
    '',
    'computes:',
  ]);
  expect(text).toContain('gradient/scale = %');
});

it('refuses a step that computes nothing', () => {
  expect(() => compile(() => ({}), { x: { shape: [2] } })).toThrow(
    'the step: expected a loss or an output; found a step that returns neither',
  );
});
