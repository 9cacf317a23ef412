import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, it } from 'vitest';
import { trunklineBackend } from '../../src/engine/backend.ts';
import { formatModel, GraphModel, joinWith, lambda } from '../../src/model/index.ts';
import { toLayersModel } from '../../src/train/export.ts';

trunklineBackend();
beforeEach(() => {
  tf.setBackend('cpu');
});

describe('a function as a layer', () => {
  it('knows its output’s shape, axes of any size included', () => {
    const graph = new GraphModel();
    const words = graph.input('words', [-1], { dtype: 'int32' });
    const pairs = words.add(lambda((ids) => tf.oneHot(ids as tf.Tensor2D, 4).cast('float32')));
    expect(pairs.shape).toEqual([null, 4]);
    expect(pairs.add(lambda((x) => tf.sum(x, 1))).shape).toEqual([4]);
  });

  it('is named after its place, or as it was told', () => {
    const graph = new GraphModel();
    const x = graph.input('x', [3]);
    x.add(lambda(tf.tanh), lambda(tf.sin, { name: 'wave' }), layers.dense({ units: 1 }));
    graph.output('y', x, { loss: 'meanSquaredError' });
    expect(formatModel(graph.describe()).split('\n').slice(1, 4)).toEqual([
      'x/lambda = Lambda(x)',
      'wave = Lambda(x/lambda) branch="x"',
      'x/dense = Dense(wave) units=1',
    ]);
  });

  it('takes several tensors, and is part of a model that is exported', () => {
    const graph = new GraphModel();
    const [x, y] = [graph.input('x', [2]), graph.input('y', [2])];
    graph.output(
      'product',
      joinWith(
        lambda((a, b) => tf.mul(a as tf.Tensor, b as tf.Tensor)),
        [x, y],
      ),
      { loss: 'meanSquaredError' },
    );
    const model = toLayersModel(graph.describe());
    const found = model.predict([tf.tensor2d([[2, 3]]), tf.tensor2d([[5, 7]])]) as tf.Tensor;
    expect([...found.dataSync()]).toEqual([10, 21]);
  });

  it('leaves no tensors behind', () => {
    const layer = lambda((x) => tf.add(tf.tanh(x), tf.sin(x)));
    const branch = new GraphModel().input('x', [3]);
    const before = tf.memory().numTensors;
    branch.add(layer);
    const result = layer.apply(tf.zeros([1, 3])) as tf.Tensor;
    expect(tf.memory().numTensors - before).toBe(2);
    result.dispose();
  });
});
