import { input, layers, model, type SymbolicTensor, sequential } from '@tensorflow/tfjs-layers';
import { Branch } from '../../src/model/index.ts';
import type { Graph } from '../../src/train/graph.ts';

const {
  batchNormalization,
  bidirectional,
  conv1d,
  conv2d,
  dense,
  dropout,
  embedding,
  flatten,
  globalMaxPooling1d,
  lstm,
  maxPooling2d,
} = layers;

const branchesOf = (graph: Graph, origin: Branch, names: readonly string[]): Branch[] => [...graph.fork(origin, names)];

/** Models to be exported, by what is special about them. Their losses have every final activation there is. */
export const models: Readonly<Record<string, (graph: Graph) => void>> = {
  'an MLP with two heads': (graph) => {
    const trunk = graph.input('x', [4]).add(dense({ units: 6, activation: 'tanh' }), dropout({ rate: 0.5 }));
    const [size, active] = branchesOf(graph, trunk, ['left', 'right']) as [Branch, Branch];
    graph.output('size', size.add(dense({ units: 2 })), { loss: 'meanSquaredError' });
    graph.output('active', active.add(dense({ units: 3 })), { loss: 'binaryCrossentropy' });
  },
  'convolution and batch normalization': (graph) => {
    const image = graph.input('image', [8, 8, 3]);
    image.add(conv2d({ filters: 4, kernelSize: 3, activation: 'relu' }), batchNormalization());
    image.add(maxPooling2d({ poolSize: 2 }), flatten(), dense({ units: 5 }));
    graph.output('digit', image, { loss: 'sparseCategoricalCrossentropy' });
  },
  'embedding and conv1d': (graph) => {
    const text = graph.input('text', [9], { dtype: 'int32' });
    text.add(embedding({ inputDim: 20, outputDim: 4 }), conv1d({ filters: 6, kernelSize: 3, activation: 'relu' }));
    text.add(globalMaxPooling1d({}), dense({ units: 3 }));
    graph.output('topic', text, { loss: 'categoricalCrossentropy' });
  },
  'an LSTM over masked words': (graph) => {
    const text = graph.input('text', [6], { dtype: 'int32' });
    text.add(embedding({ inputDim: 20, outputDim: 4, maskZero: true }), lstm({ units: 5 }), dense({ units: 1 }));
    graph.output('mood', text, { loss: 'binaryCrossentropy' });
  },
  'a bidirectional LSTM': (graph) => {
    const series = graph.input('series', [5, 3]);
    series.add(bidirectional({ layer: lstm({ units: 4 }) as never, mergeMode: 'concat' }), dense({ units: 1 }));
    graph.output('next', series, { loss: 'meanSquaredError' });
  },
  'models inside models': (graph) => {
    const given = input({ shape: [4] });
    const shared = dense({ units: 4, activation: 'tanh' });
    const twice = shared.apply(shared.apply(given)) as SymbolicTensor;
    const inner = sequential({ layers: [dense({ units: 4, inputShape: [4] }), batchNormalization()] });
    const outputs = layers.add().apply([inner.apply(twice) as SymbolicTensor, given]) as SymbolicTensor;
    graph.output('size', graph.input('x', [4]).add(model({ inputs: given, outputs }), dense({ units: 1 })), {
      loss: 'meanSquaredError',
    });
  },
  'a merge of forks, and one without a name': (graph) => {
    const trunk = graph.input('x', [4]).add(dense({ units: 6, activation: 'relu' }));
    const [a, b] = branchesOf(graph, trunk, ['a', 'b']) as [Branch, Branch];
    const joined = graph.merge([a.add(dense({ units: 3 })), b.add(dense({ units: 3 }))], 'multiply');
    const both = graph.merge([graph.input('y', [2]), joined.add(dense({ units: 4 }))], 'concat');
    graph.output('shares', both.add(dense({ units: 3 })), { loss: 'kullbackLeibler' });
  },
  'a head that exists only while training, with an input of its own': (graph) => {
    const trunk = graph.input('x', [4]).add(dense({ units: 6, activation: 'relu' }));
    const [main, early] = branchesOf(graph, trunk, ['main', 'early']) as [Branch, Branch];
    const side = graph.merge([early, graph.input('side', [3])], 'concat').add(dense({ units: 2 }));
    graph.output('auxiliary', side, { loss: 'meanSquaredError', trainingOnly: true });
    graph.output('final', main.add(dense({ units: 2 })), { loss: 'meanSquaredError' });
  },
  'a shared layer, and one model in another': (graph) => {
    const encoder = sequential({ layers: [dense({ units: 4, inputShape: [4] }), dense({ units: 3 })] });
    const shared = dense({ units: 2, activation: 'tanh' });
    const left = graph.input('left', [4]).add(encoder, shared);
    const right = graph.input('right', [4]).add(encoder, shared);
    graph.output('pair', graph.merge([left, right], 'dot'), { loss: 'meanSquaredError' });
  },
  'products of stacks of matrices': (graph) => {
    const image = graph.input('image', [4, 4, 2]);
    image.add(layers.upSampling2d({ size: [2, 2], interpolation: 'bilinear' }));
    image.add(layers.conv2dTranspose({ filters: 3, kernelSize: 2 }), layers.layerNormalization());
    image.add(layers.separableConv2d({ filters: 4, kernelSize: 3 }), layers.averagePooling2d({ poolSize: 2 }));
    graph.output('size', image.add(flatten(), dense({ units: 2 })), { loss: 'meanSquaredError' });
    const series = graph
      .input('series', [5, 3])
      .add(layers.gru({ units: 3, returnSequences: true }), dense({ units: 4 }));
    const [a, b] = branchesOf(graph, series, ['a', 'b']) as [Branch, Branch];
    const [queries, keys] = [a.add(dense({ units: 4 })), b.add(dense({ units: 4 }), layers.permute({ dims: [2, 1] }))];
    const scores = layers.dot({ axes: [2, 1] }).apply([queries.tensor, keys.tensor]) as SymbolicTensor;
    const alike = layers.dot({ axes: [2, 2] }).apply([scores, scores]) as SymbolicTensor;
    const attended = new Branch(alike).add(
      layers.activation({ activation: 'softmax' }),
      flatten(),
      dense({ units: 3 }),
    );
    graph.output('focus', attended, { loss: 'categoricalCrossentropy' });
  },
  'names that are used twice, that ONNX files number things with, that TensorFlow.js does not take': (graph) => {
    const trunk = graph.input('c1', [4]).add(dense({ units: 4, name: 'kind', activation: 'softmax' }));
    const [one, two] = branchesOf(graph, trunk, ['one', 'v0']) as [Branch, Branch];
    graph.output('kind', one.add(dense({ units: 2 })), { loss: 'categoricalCrossentropy' });
    const sum = graph.merge([two.add(dense({ units: 4 })), graph.input('v3', [4])], 'sum', { name: 'größe 1' });
    graph.output('größe', sum.add(dense({ units: 2 })), { loss: 'meanSquaredError' });
    graph.output('c0', graph.input('c2', [4]).add(dense({ units: 2 })), { loss: 'meanSquaredError' });
  },
  'outputs that are not trained, one of them a place within': (graph) => {
    const trunk = graph.input('x', [4]).add(dense({ units: 3, activation: 'tanh' }));
    const [seen, head] = branchesOf(graph, trunk, ['seen', 'head']) as [Branch, Branch];
    graph.output('embedding', seen);
    graph.output('size', head.add(dense({ units: 1 })), { loss: 'meanSquaredError' });
  },
};
