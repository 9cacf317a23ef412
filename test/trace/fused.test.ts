import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, expect, it } from 'vitest';
import { trunklineBackend } from '../../src/engine/backend.ts';
import { argument, expectAgreement, expectClose, numbers } from './oracle.ts';

trunklineBackend();

beforeEach(() => {
  tf.setBackend('cpu');
});

type Settings = Parameters<typeof tf.fused.conv2d>[0];

/** As many channels as columns: a bias in the wrong place fits. */
const settings = (x: tf.Tensor, filter: tf.Tensor, bias: tf.Tensor, slope: tf.Tensor): Settings => ({
  x: x as tf.Tensor4D,
  filter: filter as tf.Tensor4D,
  strides: 1,
  pad: 'same',
  dilations: 2,
  bias,
  activation: 'prelu',
  preluActivationWeights: slope,
});
const given = {
  x: argument([2, 3, 6, 5], 1),
  filter: argument([2, 2, 3, 5], 2),
  bias: argument([5], 3),
  slope: argument([5], 4),
};
const run = ({ x, filter, bias, slope }: Record<string, tf.Tensor>): tf.Tensor =>
  tf.fused.conv2d({
    ...settings(x as tf.Tensor, filter as tf.Tensor, bias as tf.Tensor, slope as tf.Tensor),
    dataFormat: 'NCHW',
  });

it('a fused convolution in parts adds bias and slope along the channels, where those come first', () => {
  const [x, filter, bias, slope] = Object.values(given).map(({ shape, values }) =>
    tf.tensor(Array.from(values), [...shape]),
  ) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  const last = tf.fused.conv2d(settings(tf.transpose(x, [0, 2, 3, 1]), filter, bias, slope));
  const first = run({ x, filter, bias, slope });
  expect(first.shape).toEqual([2, 5, 6, 5]);
  expectClose(first.dataSync(), tf.transpose(last, [0, 3, 1, 2]).dataSync(), 'result');
});

it('such a convolution is compiled as it is computed, with its gradients', () => {
  expectAgreement(run, given);
  expectAgreement(run, { ...given, bias: { shape: [], values: numbers(1) } });
});
