import { layers } from '@tensorflow/tfjs-layers';
import { describe, expect, it, test } from 'vitest';
import { fork, GraphModel, merge } from '../../src/model/index.ts';
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

describe('names of branches', () => {
  const dense = () => layers.dense({ units: 1 });

  it('are refused when two branches have the same', () => {
    const graph = new GraphModel();
    const [a] = fork(graph.input('x', [2]), ['left']);
    const [b] = fork(graph.input('z', [2]), ['left']);
    graph.output('p', a.add(dense()));
    graph.output('q', b.add(dense()));
    expect(() => graph.describe()).toThrow(
      "branch 'left': expected names of branches that differ; found a fork of branch 'x' and a fork of branch 'z'\n" +
        "  hint: give one of them another name: fork(branch, ['left', 'right']), merge(branches, 'concat', { name: 'both' })",
    );
  });

  it('are refused when one was given that another got by itself', () => {
    const graph = new GraphModel();
    const x = graph.input('x', [2]);
    const [own] = fork(x, 1);
    const [given, joined] = fork(graph.input('z', [2]), ['x.0', 'x']);
    graph.output('p', own.add(dense()));
    graph.output('q', given.add(dense()));
    graph.output('r', joined.add(dense()));
    expect(() => graph.describe()).toThrow(
      /^branch 'x': .*; found input 'x' and a fork of branch 'z'\n.*\nbranch 'x.0': .*; found a fork of branch 'x' and a fork of branch 'z'\n/,
    );
  });

  it('that nobody gave differ, wherever in a branch others begin; merges of the same branches are called alike', () => {
    const graph = new GraphModel();
    const early = dense();
    const x = graph.input('x', [2]).add(early);
    const [a] = fork(early, 1);
    const [b] = fork(x.add(dense()), 1);
    const [sum, product] = [merge([a, b], 'sum'), merge([a, b], 'multiply')];
    graph.output('p', sum);
    graph.output('q', product);
    expect(new Set(graph.describe().nodes.map(({ branch }) => branch))).toEqual(new Set(['x', 'x.0+x.1']));
  });
});
