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
function inParts(value: tf.Tensor, axes: readonly number[], scale?: tf.Tensor): tf.Tensor {
  const { mean, variance } = tf.moments(value, [...axes], true);
  const y = tf.div(tf.sub(value, mean), tf.sqrt(tf.add(variance, epsilon)));
  return scale ? tf.mul(y, scale) : y;
}

const scaleShape = (axes: readonly number[]): number[] => shape.map((size, at) => (axes.includes(at) ? 1 : size));

describe.each([[[2]], [[1, 2]], [[0, 1]], [[0, 1, 2]], [[0]]])('standardized along %j', (axes) => {
  const dy = tf.tensor(argument(shape, 3).values as number[], shape);

  it.each([false, true])('has the values and the gradients of its parts; with a scale: %s', (isScaled) => {
    const scale = tf.tensor(argument(scaleShape(axes), 2).values as number[], scaleShape(axes));
    const value = tf.tensor(x.values as number[], shape);
    const given = isScaled ? [value, scale] : [value];
    const [own, parts] = [standardized, inParts].map((compute) => {
      const run = (a: tf.Tensor, b?: tf.Tensor): tf.Tensor =>
        compute === standardized ? standardized(a, axes, epsilon, b) : inParts(a, axes, b);
      return [run(value, given[1]), ...tf.grads(run as (...all: tf.Tensor[]) => tf.Tensor)(given, dy)];
    }) as [tf.Tensor[], tf.Tensor[]];
    expect(own.map((result) => result.shape)).toEqual(parts.map((result) => result.shape));
    own.forEach((result, at) => {
      expectClose(result.dataSync(), (parts[at] as tf.Tensor).dataSync(), `result ${at}`);
    });
  });

  it('is the same compiled', () => {
    expectAgreement(({ x: a, scale }) => standardized(a as tf.Tensor, axes, epsilon, scale), {
      x,
      scale: argument(scaleShape(axes), 2),
    });
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
