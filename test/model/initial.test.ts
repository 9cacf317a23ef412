import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { expect, it } from 'vitest';
import { trunklineBackend } from '../../src/engine/backend.ts';
import { nodeOf } from '../../src/ir/graph.ts';
import { GraphModel } from '../../src/model/index.ts';

it('initial values are computed weight by weight, so that alike weights share a program', () => {
  const backend = trunklineBackend();
  tf.setBackend('trunkline');
  const graph = new GraphModel();
  const trunk = graph.input('x', [5]).add(layers.dense({ units: 4 }));
  graph.output('y', trunk, { loss: { type: 'meanSquaredError' } });
  const waiting = graph.describe().groups.flatMap(({ parameters }) =>
    parameters.filter(({ variable }) => {
      const content = backend.contentOf(variable.dataId);
      return content.kind === 'value' && nodeOf(content.value);
    }),
  );
  expect(waiting.map(({ name }) => name)).toEqual([]);
});

it('weights of a layer that a branch builds are initial values already before the model is described', () => {
  tf.setBackend('trunkline');
  const dense = layers.dense({ units: 4 });
  new GraphModel().input('x', [5]).add(dense);
  const [kernel] = dense.getWeights();
  expect(kernel?.dataSync().some((value) => value !== 0)).toBe(true);
});
