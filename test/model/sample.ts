import { layers } from '@tensorflow/tfjs-layers';
import { fork, GraphModel, type ModelSpec, merge } from '../../src/model/index.ts';

const { batchNormalization, conv2d, dense, dropout, flatten } = layers;

/**
 * Two inputs, a fork, a layer that both branches share, a head that exists only while training, and an output that is
 * not trained.
 */
export function sampleModel(): ModelSpec {
  const graph = new GraphModel();
  const text = graph.input('text', [300]).add(dense({ units: 32, activation: 'relu' }));
  const image = graph.input('image', [8, 8, 3]);
  image.add(conv2d({ filters: 4, kernelSize: 3, activation: 'relu' }), batchNormalization(), flatten());
  const [main, early] = fork(image, ['main', 'early']);
  main.add(dense({ units: 32, activation: 'relu' }), dropout({ rate: 0.2 }));
  const encoder = dense({ name: 'encoder', units: 8 });
  const [left, right] = [text.add(encoder), main.add(encoder)];
  graph.output('auxiliary', early.add(dense({ units: 10 })), {
    loss: 'categoricalCrossentropy',
    weight: 0.3,
    learningRate: 0.1,
    trainingOnly: true,
  });
  const [final, same] = fork(merge([left, right], 'concat', { name: 'pair' }), ['final', 'same']);
  graph.output('digit', final.add(dense({ units: 10 })), {
    loss: 'categoricalCrossentropy',
    metrics: ['accuracy'],
  });
  graph.output('match', same.add(dense({ units: 1 })), {
    loss: { type: 'binaryCrossentropy', positiveWeight: 15 },
    weight: 2,
    denominator: 'batch',
    frozen: true,
  });
  graph.output('embedding', merge([left, right], 'average', { name: 'embedding' }));
  return graph.describe();
}

/**
 * A model whose merged branches and outputs have these names; TensorFlow.js itself refuses such names of inputs and
 * layers.
 */
export function hostileModel(names: readonly string[]): ModelSpec {
  const graph = new GraphModel();
  const [a, b] = [graph.input('a', [4]), graph.input('b', [4])];
  for (const name of names)
    graph.output(name, merge([a, b], 'sum', { name }).add(dense({ units: 1 })), { loss: 'meanSquaredError' });
  return graph.describe();
}
