import * as tf from '@tensorflow/tfjs-core';
import { layers, type SymbolicTensor, sequential, input as tfInput, model as tfModel } from '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Column } from '../../src/core/column.ts';
import { openEngine } from '../../src/engine/index.ts';
import { type Branch, fork, GraphModel, merge } from '../../src/model/index.ts';
import { Graph } from '../../src/train/graph.ts';
import { compiled } from '../engine/opened.ts';
import { openRunner } from './open-runner.ts';

beforeEach(() => {
  tf.setBackend('cpu');
});

const embedding = (inputDim: number) => layers.embedding({ inputDim, outputDim: 2, maskZero: false });

/** A model of words, each a number below 5. */
function words(graph: { input: GraphModel['input']; output: GraphModel['output'] }): void {
  const branch = graph.input('words', [3], { dtype: 'int32' }).add(embedding(5), layers.flatten());
  graph.output('y', branch.add(layers.dense({ units: 1 })), { loss: 'meanSquaredError' });
}

function graphOfWords(): Graph {
  const graph = new Graph();
  words(graph);
  graph.compile({ optimizer: 'sgd', engine: { type: 'onnx-cpu', threads: 1, worker: false } });
  onTestFinished(() => graph.close());
  return graph;
}

const expected = (place: string, found: number): string =>
  `input 'words', ${place}: expected ids from 0 to 4: its embedding has 5; found ${found}\n` +
  '  hint: give the embedding a larger inputDim, or unknown ids one that it has';

describe('ids that an embedding does not have', () => {
  const good = [1, 2, 3];
  it.each([
    ['too large', [good, [0, 5, 1]], 'row 1', 5],
    ['negative', [[0, 1, -1], good], 'row 0', -1],
  ])('are refused wherever they come in, %s', async (_, x, place, found) => {
    const graph = graphOfWords();
    const y = [1, 2];
    for (const call of [
      () => graph.fit(x, y),
      () => graph.trainOnBatch(x, y),
      () => graph.evaluate(x, y),
      () => graph.predict(x),
    ])
      await expect(call()).rejects.toThrow(expected(place, found));
    // The largest and the smallest there are do.
    await graph.fit([[0, 4, 0]], [1]);
  });

  it('are refused in columns, padding included', async () => {
    const graph = new GraphModel();
    words(graph);
    const engine = await openEngine(compiled);
    onTestFinished(() => engine.close());
    const runner = await openRunner(graph.describe(), engine);
    const sequence = (ids: readonly number[], padding: number): Column => ({
      kind: 'sequence',
      starts: Int32Array.of(0, 3, 4),
      values: Int32Array.from(ids),
      lengths: [3],
      padding,
    });
    const take = (column: Column) => runner.predict(2, { words: column });
    await expect(take({ kind: 'dense', size: 3, values: Int32Array.of(0, 1, 2, 3, 4, 5) })).rejects.toThrow(
      expected('row 1', 5),
    );
    await expect(take(sequence([1, 2, 3, 9], 0))).rejects.toThrow(expected('row 1', 9));
    await expect(take(sequence([1, 2, 3, 4], -1))).rejects.toThrow(expected('padding of row 1', -1));
    expect((await take(sequence([1, 2, 3, 4], 0))).y).toHaveLength(2);
  });
});

describe('which inputs are ids', () => {
  const idsOf = (grow: (branch: Branch) => Branch): number | undefined => {
    const graph = new GraphModel();
    const branch = grow(graph.input('x', [4], { dtype: 'int32' }));
    graph.output('y', branch.add(layers.flatten(), layers.dense({ units: 1 })), { loss: 'meanSquaredError' });
    return graph.describe().inputs[0]?.ids;
  };
  const nested = () => {
    const inner = tfInput({ shape: [4], dtype: 'int32' });
    return tfModel({ inputs: inner, outputs: embedding(8).apply(inner) as SymbolicTensor });
  };

  it.each<[string, (branch: Branch) => Branch, number | undefined]>([
    ['none', (branch) => branch.add(layers.reshape({ targetShape: [2, 2] })), undefined],
    ['those of an embedding', (branch) => branch.add(embedding(7)), 7],
    ['through another shape', (branch) => branch.add(layers.reshape({ targetShape: [2, 2] }), embedding(7)), 7],
    [
      'in a sequence of layers',
      (branch) => branch.add(sequential({ layers: [layers.embedding({ inputDim: 6, outputDim: 2, inputLength: 4 })] })),
      6,
    ],
    ['in a model inside the model', (branch) => branch.add(nested()), 8],
    [
      'the fewest of several embeddings, behind a fork',
      (branch) => {
        const [a, b] = fork(branch, 2);
        return merge([a.add(embedding(9)), b.add(embedding(3))], 'sum');
      },
      3,
    ],
    [
      'not what a layer computed',
      (branch) => branch.add(layers.activation({ activation: 'relu' }), embedding(7)),
      undefined,
    ],
  ])('%s', (_, grow, ids) => {
    expect(idsOf(grow)).toBe(ids);
  });
});
