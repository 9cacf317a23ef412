import { createRequire } from 'node:module';
import type * as core from '@tensorflow/tfjs-core';
import {
  type Batch,
  type Branch,
  type LossConfig,
  type ModelSpec,
  merges,
  type OptimizerConfig,
  openEngine,
  optimizers,
  type StepReport,
  StepRunner,
} from '../../../src/index.ts';
import { fork, GraphModel } from '../../../src/model/index.ts';
import type { StoredTensor } from '../../../src/train/safetensors.ts';
import type { Heads, Layer } from '../work.ts';
import { type LayerMakers, layerOf, setWeights } from './layers.ts';
import { column, type Given, headNames, type SingleLabels, serve } from './serve.ts';

const require = createRequire(import.meta.url);
// Required, as the contender of TensorFlow.js alone does: importing it takes 0.2 s more.
const tf = require('@tensorflow/tfjs-core') as typeof core;
const { layers } = require('@tensorflow/tfjs-layers') as { readonly layers: LayerMakers };

// The whole product: heads with presence, batches written into the arena, the worker, a report of each step.

const losses: Readonly<Record<string, LossConfig>> = {
  binaryCrossentropy: { type: 'binaryCrossentropy' },
  sparseCategoricalCrossentropy: { type: 'sparseCategoricalCrossentropy' },
  smoothL1: { type: 'huber', form: 'smoothL1' },
};

/** One of alike heads: its column of what was given for all of them. */
const ofHead = ({ values, shape, dtype }: StoredTensor, count: number, at: number): StoredTensor => ({
  dtype,
  shape: [...shape.slice(0, -1), (shape.at(-1) as number) / count],
  values: column(values, count, at),
});

function modelOf(given: Given): ModelSpec {
  const { work } = given;
  const graph = new GraphModel();
  const begun: (() => void)[] = [];
  const grow = (branch: Branch, chain: readonly Layer[], prefix: string, count = 1, at = 0): Branch => {
    for (const [place, layer] of chain.entries()) {
      const isLast = count > 1 && place === chain.length - 1;
      const made = layerOf(layers, isLast ? { type: 'dense', units: 1 } : layer);
      branch.add(made);
      const weights = given.weights(`${prefix}.${place}`);
      const own = isLast ? weights.map((all) => ofHead(all, count, at)) : weights;
      begun.push(() => setWeights(made, own, tf.tensor));
    }
    return branch;
  };
  const { shape, ids } = work.input;
  const trunk = grow(graph.input('x', shape, { dtype: ids ? 'int32' : 'float32' }), work.trunk, 'trunk');
  const names = work.heads.flatMap(headNames);
  const branches = fork(trunk, names);
  const byName = new Map(names.map((name, at) => [name, branches[at]]));
  for (const head of work.heads)
    for (const [at, name] of headNames(head).entries()) {
      const branch = byName.get(name) as Branch;
      graph.output(name, grow(branch, head.layers, head.name, head.count, at), {
        loss: losses[head.loss] as LossConfig,
        denominator: 'batch',
      });
    }
  const spec = graph.describe();
  for (const begin of begun) begin();
  return spec;
}

/** Labels that are given one by one: only heads that have one are named. */
function byHead(rows: number, head: Heads, { y, at }: SingleLabels): Batch['labels'] {
  const names = headNames(head);
  const labels: Record<string, { values: Float32Array; present: Uint8Array }> = {};
  y.values.forEach((value, place) => {
    const [row, of] = [at.values[2 * place] as number, names[at.values[2 * place + 1] as number] as string];
    labels[of] ??= { values: new Float32Array(rows), present: new Uint8Array(rows) };
    labels[of].values[row] = value as number;
    labels[of].present[row] = 1;
  });
  return labels;
}

function batchesOf(given: Given): readonly Batch[] {
  const { rows, heads } = given.work;
  const isSingle = heads.some(({ known }) => typeof known === 'object');
  if (isSingle)
    return Array.from({ length: given.work.batches }, (_, at): Batch => {
      const labels = heads.map((head) => byHead(rows, head, given.singleLabels(head.name, at) as SingleLabels));
      return { rows, inputs: { x: given.input(at).values }, labels: Object.assign({}, ...labels) };
    });
  return given.batches.map(({ x, known }): Batch => {
    const labels = heads.flatMap((head) => {
      const { y, mask } = known.get(head.name) ?? {};
      if (!y || !mask) return [];
      return headNames(head).map((name, at) => {
        const values = column(y.values, head.loss === 'binaryCrossentropy' ? head.count : 1, at);
        return [name, { values, present: Uint8Array.from(column(mask.values, head.count, at)) }] as const;
      });
    });
    return { rows, inputs: { x: x.values }, labels: Object.fromEntries(labels) };
  });
}

await serve(async (given) => {
  const { optimizer: type, learningRate, clip } = given.work;
  const opening = openEngine({ type: 'onnx-cpu', threads: given.threads });
  const spec = modelOf(given);
  const engine = await opening;
  const config: OptimizerConfig = {
    type,
    learningRate,
    epsilon: 1e-8,
    ...(clip ? { clip: { globalNorm: clip } } : {}),
  };
  const runner = await StepRunner.open(spec, engine, {
    optimizer: optimizers.build(config, undefined, 'optimizer'),
    merge: merges.build({ type: 'sum' }, undefined, 'merge'),
    seed: 1,
  });
  const batches = batchesOf(given);
  return {
    name: 'Trunkline',
    train: async (numbers) => {
      // As streams do: a batch is written while the one before it is computed.
      let last: Promise<unknown> = Promise.resolve();
      for (const number of numbers) {
        const next = runner.take(batches[number] as Batch);
        await last;
        last = next;
      }
      return ((await last) as StepReport).loss;
    },
  };
});
