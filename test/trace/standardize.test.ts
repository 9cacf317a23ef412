import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, it } from 'vitest';
import { trunklineBackend } from '../../src/engine/backend.ts';
import { compile } from '../../src/engine/compile.ts';
import { standardized } from '../../src/trace/standardize.ts';
import { argument, expectAgreement, expectClose } from './oracle.ts';

trunklineBackend();

beforeEach(() => {
  tf.setBackend('cpu');
});

const epsilon = 1e-3;
const shape = [3, 4, 5];
const x = argument(shape);

/** The same in the operations that it is made of, which TensorFlow.js differentiates one by one. */
function inParts(value: tf.Tensor, axes: readonly number[]): tf.Tensor {
  const { mean, variance } = tf.moments(value, [...axes], true);
  return tf.div(tf.sub(value, mean), tf.sqrt(tf.add(variance, epsilon)));
}

describe.each([[[2]], [[1, 2]], [[0, 1]], [[0, 1, 2]], [[0]]])('standardized along %j', (axes) => {
  const [value, dy] = [1, 3].map((seed) => tf.tensor(argument(shape, seed).values as number[], shape)) as [
    tf.Tensor,
    tf.Tensor,
  ];
  const both = [(a: tf.Tensor) => standardized(a, axes, epsilon), (a: tf.Tensor) => inParts(a, axes)] as const;

  it('has the values and the gradient of its parts', () => {
    const [own, parts] = both.map((compute) => [compute(value), tf.grad(compute)(value, dy)]) as [
      tf.Tensor[],
      tf.Tensor[],
    ];
    own.forEach((result, at) => {
      expectClose(result.dataSync(), (parts[at] as tf.Tensor).dataSync(), `result ${at}`);
    });
  });

  it('has the second derivatives of its parts', () => {
    const [own, parts] = both.map((compute) =>
      tf
        .grad((a: tf.Tensor) => tf.sum(tf.square(tf.grad(compute)(a, dy))))(value)
        .dataSync(),
    ) as [Float32Array, Float32Array];
    expect(Math.max(...parts.map(Math.abs))).toBeGreaterThan(0.1);
    expectClose(own, parts, 'second derivative', { relative: 1e-3, absolute: 1e-3 });
  });

  it('is the same compiled', () => {
    expectAgreement(({ x: a }) => standardized(a as tf.Tensor, axes, epsilon), { x });
  });
});

describe('layer normalisation', () => {
  it.each([
    [-1, true, true],
    [[2, 1], true, true],
    [[1], true, false],
    [[-1, -2], false, true],
    [2, false, false],
  ] as const)('along %j, with offset: %s, with scale: %s, is what TensorFlow.js says it is', (axis, center, scale) => {
    const initializers = { betaInitializer: 'randomNormal', gammaInitializer: 'randomNormal' } as const;
    const settings = { axis: typeof axis === 'number' ? axis : [...axis], center, scale, epsilon, ...initializers };
    const layer = layers.layerNormalization(settings as Parameters<typeof layers.layerNormalization>[0]);
    const value = tf.tensor(x.values as number[], shape);
    const own = layer.apply(value) as tf.Tensor;
    const axes = [axis].flat().map((at) => (at < 0 ? at + shape.length : at));
    const placed = (name: string, otherwise: number): tf.Tensor => {
      const weight = layer.weights.find((one) => one.name.includes(name))?.read();
      if (!weight) return tf.scalar(otherwise);
      return tf.reshape(
        weight,
        shape.map((size, at) => (axes.includes(at) ? size : 1)),
      );
    };
    const expected = tf.add(tf.mul(inParts(value, axes), placed('gamma', 1)), placed('beta', 0));
    expect(own.shape).toEqual(shape);
    expectClose(own.dataSync(), expected.dataSync(), 'result');
  });

  it('refuses several inputs, as TensorFlow.js does', () => {
    const layer = layers.layerNormalization({ inputShape: [3] });
    layer.build([null, 3]);
    const call = (inputs: tf.Tensor[]) => layer.call(inputs, {});
    expect(() => call([tf.ones([2, 3]), tf.ones([2, 3])])).toThrow('length');
  });

  it('is compiled to as many passes over what it normalises', () => {
    const layer = layers.layerNormalization({ inputShape: [64] });
    layer.build([null, 64]);
    const { text } = compile(({ x: given }) => ({ outputs: { y: layer.apply(given as tf.Tensor) as tf.Tensor } }), {
      x: { shape: [32, 64] },
    });
    const passes = text()
      .split('\n')
      .filter((line) => line.includes('[32, 64] =') && !line.includes('Reshape('));
    expect(passes).toHaveLength(5);
  });
});
