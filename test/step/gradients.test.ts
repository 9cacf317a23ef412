import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { trunklineBackend } from '../../src/engine/backend.ts';
import { type EngineConfig, openEngine } from '../../src/engine/index.ts';
import type { MergeStrategy } from '../../src/merge/index.ts';
import { fork, GraphModel, type ModelSpec } from '../../src/model/index.ts';
import { optimizers } from '../../src/optimizer/index.ts';
import type { Batch } from '../../src/step/batch.ts';
import { partings } from '../../src/step/gramian.ts';
import { StepRunner } from '../../src/step/runner.ts';

trunklineBackend();

const engines: readonly EngineConfig[] = [{ type: 'onnx-cpu', threads: 1, worker: false }, { type: 'tfjs-cpu' }];

beforeEach(() => {
  tf.setBackend('cpu');
});

const numbers = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, at) => Math.sin(at * 12.9898 + seed));

/** Heads on one trunk: two alike, and one with a hidden layer. */
function threeHeads(): ModelSpec {
  const graph = new GraphModel(2);
  const [a, b, c] = fork(graph.input('x', [3]).add(layers.dense({ units: 4, activation: 'tanh' })), ['a', 'b', 'c']);
  graph.output('a', a.add(layers.dense({ units: 1, name: 'wa' })), { loss: 'meanSquaredError' });
  graph.output('b', b.add(layers.dense({ units: 1, name: 'wb' })), { loss: 'meanSquaredError', weight: 2 });
  graph.output('c', c.add(layers.dense({ units: 3, activation: 'tanh' }), layers.dense({ units: 1 })), {
    loss: 'huber',
  });
  return graph.describe();
}

const present = { a: [1, 1, 0, 1], b: [1, 0, 1, 1], c: [0, 1, 1, 0] };
const batchOf = (heads: readonly (keyof typeof present)[]): Batch => ({
  rows: 4,
  inputs: { x: numbers(12, 1) },
  labels: Object.fromEntries(
    heads.map((head, at) => [head, { values: numbers(4, at + 2), present: Uint8Array.from(present[head]) }]),
  ),
});

async function open(config: EngineConfig, merge: MergeStrategy, spec = threeHeads()): Promise<StepRunner> {
  const engine = await openEngine(config);
  onTestFinished(() => engine.close());
  return StepRunner.open(spec, engine, {
    optimizer: optimizers.build({ type: 'sgd', learningRate: 0.1 }, undefined, 'optimizer'),
    merge,
    seed: 1,
  });
}

describe.each(engines.map((config) => [config.type, config] as const))(
  'strategies that weigh by gradients, on %s',
  (_, config) => {
    it('are told of the present heads’ gradients where they part', async () => {
      let found: Float64Array | undefined;
      const runner = await open(config, {
        type: 'spy',
        needsGradients: true,
        remembers: true,
        weigh: (heads, _state, gradients) => {
          found = gradients?.gramian;
          return heads.map(() => 1);
        },
        observe: (_heads, _losses, state) => state,
      });
      const { arrays } = runner.state();
      const kernels = ['wa', 'wb'].map((name) => Float32Array.from(arrays[`parameter/${name}/kernel`] as Float32Array));
      const batch = batchOf(['a', 'b']);
      const report = await runner.take(batch, { points: true });
      if (!('heads' in report)) throw new Error('the batch has labels');
      // dL/dz of a row is 2 (y − t) w / n: what the gradient of the mean squared error of a linear head is.
      const residuals = (['a', 'b'] as const).map((head) => {
        const { points, labels } = report.heads[head] as { points: Float32Array; labels: number };
        const truth = batch.labels[head]?.values as Float32Array;
        return present[head].map((known, row) =>
          known ? (2 * ((points[row] as number) - (truth[row] as number))) / labels : 0,
        );
      });
      for (const [i, j] of [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
      ] as const) {
        const rows = (residuals[i] as number[]).reduce(
          (sum, value, row) => sum + value * (residuals[j]?.[row] as number),
          0,
        );
        const weights = (kernels[i] as Float32Array).reduce(
          (sum, value, at) => sum + value * (kernels[j]?.[at] as number),
          0,
        );
        expect(found?.[i * 2 + j]).toBeCloseTo(rows * weights, 6);
      }
    });

    it('move as the sum does when their factors are its, and by their factors otherwise', async () => {
      const states = [];
      for (const needsGradients of [false, true]) {
        const runner = await open(config, {
          type: 'sum',
          needsGradients,
          remembers: false,
          weigh: (heads) => heads.map(({ name, weight }) => (name === 'c' ? 0 : weight)),
          observe: (_heads, _losses, state) => state,
        });
        for (const heads of [['a', 'b', 'c'], ['b'], ['a', 'c']] as const) await runner.take(batchOf(heads));
        states.push(
          Object.fromEntries(Object.entries(runner.state().arrays).map(([name, values]) => [name, [...values]])),
        );
      }
      const [plain, weighed] = states as [(typeof states)[0], (typeof states)[0]];
      expect(Object.keys(weighed)).toEqual(Object.keys(plain));
      for (const [name, values] of Object.entries(plain))
        values.forEach((value, at) => {
          expect(Number(weighed[name]?.[at])).toBeCloseTo(Number(value), 6);
        });
    });
  },
);

describe('where heads part', () => {
  it('is the first fork of each input, whatever comes after', () => {
    const graph = new GraphModel();
    const [left, right] = fork(graph.input('x', [2]).add(layers.dense({ units: 2, name: 'shared' })), 2);
    const [a, b] = fork(right.add(layers.dense({ units: 2 })), 2);
    graph.output('left', left.add(layers.dense({ units: 1 })), { loss: 'huber' });
    graph.output('a', a.add(layers.dense({ units: 1 })), { loss: 'huber' });
    graph.output('b', b.add(layers.dense({ units: 1 })), { loss: 'huber' });
    graph.output('alone', graph.input('z', [2]).add(layers.dense({ units: 1 })), { loss: 'huber' });
    const spec = graph.describe();
    const shared = spec.nodes.find(({ layer }) => layer.name === 'shared');
    expect(partings(spec)).toEqual(shared?.outputs);
  });
});
