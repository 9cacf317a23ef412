import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers } from '@tensorflow/tfjs-layers';
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

it('initial values are drawn once, when the model is described', () => {
  const drawn: unknown[] = [];
  const glorot = initializers.glorotUniform({});
  const draw = glorot.apply.bind(glorot);
  glorot.apply = (shape, dtype) => {
    drawn.push(shape);
    return draw(shape, dtype);
  };
  const graph = new GraphModel();
  const cell = layers.lstmCell({ units: 3, kernelInitializer: glorot });
  const trunk = graph
    .input('x', [6, 5])
    .add(layers.rnn({ cell }), layers.dense({ units: 4, kernelInitializer: glorot }));
  graph.output('y', trunk, { loss: { type: 'meanSquaredError' } });
  expect(drawn).toEqual([]);
  graph.describe();
  expect(drawn).toEqual([
    [5, 12],
    [3, 4],
  ]);
});
