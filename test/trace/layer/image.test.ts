import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { beforeEach, describe, it } from 'vitest';
import { trunklineBackend } from '../../../src/engine/backend.ts';
import { compile } from '../../../src/engine/compile.ts';
import { expectClose, numbers, runProgram } from '../oracle.ts';

// Registers the gradients that TensorFlow.js lacks, also on the cpu backend.
trunklineBackend();

type Layer = layers.Layer;

beforeEach(() => {
  tf.setBackend('cpu');
  tf.disposeVariables();
});

/** Compiled and on TensorFlow.js's `cpu` backend: what the layers make of `x`, and gradients in it and in all weights. */
function expectLayersAgree(stack: readonly Layer[], inputShape: number[], rows = 2): void {
  const shape = [rows, ...inputShape];
  const x = tf.variable(
    tf.tensor(
      numbers(
        shape.reduce((product, size) => product * size, 1),
        3,
      ),
      shape,
    ),
    true,
    'x',
  );
  const call = (): tf.Tensor =>
    stack.reduce<tf.Tensor>((value, layer) => layer.apply(value, { training: true }) as tf.Tensor, x);
  const expected = call();
  const weights = tf.keep(tf.tensor(numbers(expected.size, 5), expected.shape));
  const loss = (): tf.Scalar => tf.sum(tf.mul(call(), weights)) as tf.Scalar;
  const { grads } = tf.variableGrads(loss);
  const compiled = compile(
    ({ weights: given }) => {
      const y = call();
      return { loss: tf.sum(tf.mul(y, given as tf.Tensor)), outputs: { y } };
    },
    { weights: { shape: expected.shape } },
  );
  const found = runProgram(compiled, { 'input/weights': weights.dataSync() });
  expectClose(found['output/y'] as Float32Array, expected.dataSync(), 'result', { absolute: 2e-5 });
  for (const [name, gradient] of Object.entries(grads))
    expectClose(found[`gradient/${name}`] as Float32Array, gradient.dataSync(), `gradient in ${name}`, {
      relative: 1e-3,
      absolute: 1e-4,
    });
  weights.dispose();
}

type Case = readonly [name: string, stack: () => readonly Layer[], inputShape: number[]];

const image = [6, 5, 3];
const firstImage = [3, 6, 5];
const volume = [4, 5, 4, 2];
const sequence = [7, 3];
const channelsFirst = { dataFormat: 'channelsFirst' } as const;

const cases: readonly Case[] = [
  ['conv1d', () => [layers.conv1d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' })], sequence],
  ['conv1d, strides', () => [layers.conv1d({ filters: 4, kernelSize: 2, strides: 2 })], sequence],
  ['conv1d, dilated', () => [layers.conv1d({ filters: 4, kernelSize: 3, dilationRate: 2 })], sequence],
  ['conv2d', () => [layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' })], image],
  ['conv2d, strides', () => [layers.conv2d({ filters: 4, kernelSize: [3, 2], strides: 2 })], image],
  ['conv2d, dilated', () => [layers.conv2d({ filters: 4, kernelSize: 2, dilationRate: 2, activation: 'relu' })], image],
  ['conv2d, channels first', () => [layers.conv2d({ filters: 4, kernelSize: 2, ...channelsFirst })], firstImage],
  [
    'conv2dTranspose',
    () => [layers.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' })],
    image,
  ],
  ['conv2dTranspose, valid', () => [layers.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2 })], image],
  [
    'conv2dTranspose, channels first',
    () => [layers.conv2dTranspose({ filters: 4, kernelSize: 3, ...channelsFirst })],
    firstImage,
  ],
  ['conv3d', () => [layers.conv3d({ filters: 3, kernelSize: 2, padding: 'same' })], volume],
  ['conv3dTranspose', () => [layers.conv3dTranspose({ filters: 3, kernelSize: 2, strides: 2 })], volume],
  [
    'separableConv2d',
    () => [layers.separableConv2d({ filters: 4, kernelSize: 3, depthMultiplier: 2, activation: 'tanh' })],
    image,
  ],
  ['depthwiseConv2d', () => [layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'same' })], image],
  [
    'cropping2D',
    () => [
      layers.cropping2D({
        cropping: [
          [1, 2],
          [0, 1],
        ],
      }),
    ],
    image,
  ],
  [
    'cropping2D, channels first',
    () => [
      layers.cropping2D({
        cropping: [
          [1, 2],
          [0, 1],
        ],
        ...channelsFirst,
      }),
    ],
    firstImage,
  ],
  ['upSampling2d', () => [layers.upSampling2d({ size: [2, 3] })], image],
  ['upSampling2d, bilinear', () => [layers.upSampling2d({ size: [2, 3], interpolation: 'bilinear' })], image],
  ['upSampling2d, channels first', () => [layers.upSampling2d({ ...channelsFirst })], firstImage],
  [
    'zeroPadding2d',
    () => [
      layers.zeroPadding2d({
        padding: [
          [1, 2],
          [0, 1],
        ],
      }),
    ],
    image,
  ],
  ['maxPooling1d', () => [layers.maxPooling1d({ poolSize: 2, strides: 2 })], sequence],
  ['averagePooling1d', () => [layers.averagePooling1d({ poolSize: 3, strides: 2, padding: 'same' })], sequence],
  ['maxPooling2d', () => [layers.maxPooling2d({ poolSize: 2 })], image],
  ['maxPooling2d, same', () => [layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' })], image],
  ['maxPooling2d, channels first', () => [layers.maxPooling2d({ poolSize: 2, ...channelsFirst })], firstImage],
  ['averagePooling2d', () => [layers.averagePooling2d({ poolSize: 2 })], image],
  ['averagePooling2d, same', () => [layers.averagePooling2d({ poolSize: 3, strides: 2, padding: 'same' })], image],
  ['maxPooling3d', () => [layers.maxPooling3d({ poolSize: 2 })], volume],
  ['averagePooling3d', () => [layers.averagePooling3d({ poolSize: 2, padding: 'same' })], volume],
  ['globalMaxPooling1d', () => [layers.globalMaxPooling1d()], sequence],
  ['globalAveragePooling1d', () => [layers.globalAveragePooling1d()], sequence],
  ['globalMaxPooling2d', () => [layers.globalMaxPooling2d({})], image],
  ['globalAveragePooling2d', () => [layers.globalAveragePooling2d({})], image],
  ['globalAveragePooling2d, channels first', () => [layers.globalAveragePooling2d({ ...channelsFirst })], firstImage],
  ['batchNormalization', () => [layers.batchNormalization()], image],
  ['batchNormalization of rows', () => [layers.batchNormalization()], [6]],
  ['layerNormalization', () => [layers.layerNormalization()], image],
  ['layerNormalization of two axes', () => [layers.layerNormalization({ axis: [2, 3] })], image],
  ['resizing', () => [layers.resizing({ height: 4, width: 9 })], image],
  ['resizing, nearest', () => [layers.resizing({ height: 4, width: 9, interpolation: 'nearest' })], image],
  ['convLstm2d', () => [layers.convLstm2d({ filters: 3, kernelSize: 2, padding: 'same' })], [3, 4, 3, 2]],
  [
    'a residual block',
    () => [
      layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same' }),
      layers.batchNormalization(),
      layers.reLU(),
      layers.maxPooling2d({ poolSize: 2, strides: 1 }),
      layers.zeroPadding2d({ padding: 1 }),
      layers.depthwiseConv2d({ kernelSize: 3, strides: 2 }),
      layers.conv2d({ filters: 3, kernelSize: 1 }),
      layers.averagePooling2d({ poolSize: 2, padding: 'same' }),
      layers.globalAveragePooling2d({}),
      layers.dense({ units: 2 }),
    ],
    [9, 8, 3],
  ],
];

describe('layers on images, volumes and sequences', () => {
  it.each(cases)('%s', (_, stack, inputShape) => expectLayersAgree(stack(), inputShape));

  it('centerCrop, which is not differentiated', () => {
    const crop = layers.centerCrop({ height: 3, width: 2 });
    const rows = 20;
    const values = numbers(rows * 6 * 5 * 3, 3);
    const expected = crop.apply(tf.tensor(values, [rows, ...image])) as tf.Tensor;
    const compiled = compile(({ x }) => ({ outputs: { y: crop.apply(x as tf.Tensor) as tf.Tensor } }), {
      x: { shape: [rows, ...image] },
    });
    expectClose(runProgram(compiled, { 'input/x': values })['output/y'] as Float32Array, expected.dataSync(), 'result');
  });
});
