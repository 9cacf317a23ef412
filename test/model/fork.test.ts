import { layers } from '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { Graph } from '../../src/train/graph.ts';
import '../../src/index.ts';

test('heads may have names that TensorFlow.js refuses for layers, and alike ones', async () => {
  const graph = new Graph({ seed: 1 });
  const names = ['HLA-A*02:01', 'HLA-A*02*01', '*', 'µ'];
  const branches = graph.fork(graph.input('x', [2]), names);
  names.forEach((name, at) => {
    const branch = branches[at];
    graph.output(name, (branch as NonNullable<typeof branch>).add(layers.dense({ units: 1 })), {
      loss: 'meanSquaredError',
    });
  });
  expect(graph.describe().heads.map(({ name }) => name)).toEqual(names);
  graph.compile({ optimizer: 'sgd' });
  try {
    const labels = { 'HLA-A*02:01': [1], '*': [0] };
    expect(Object.keys((await graph.trainOnBatch([[1, 2]], labels)) ?? {})).toEqual(['HLA-A*02:01', '*']);
    const { outputNames } = graph.toLayersModel();
    expect(outputNames).toEqual(['HLA-A_02_01', 'HLA-A_02_01_2', 'x_', 'x__2']);
  } finally {
    await graph.close();
  }
});
