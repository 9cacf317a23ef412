import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { MergeStrategy } from '../../src/merge/index.ts';
import { fork, GraphModel, type ModelSpec, merge } from '../../src/model/index.ts';
import type { Batch } from '../../src/step/batch.ts';
import { partings } from '../../src/step/gramian.ts';
import type { StepReport } from '../../src/step/report.ts';
import { compiled, eager, onEngines } from '../engine/opened.ts';
import { openRunner } from './open-runner.ts';

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

/** A strategy that tells of the gradients it is given. */
const spying = (tell: (gramian: Float64Array | undefined) => void): MergeStrategy => ({
  type: 'spy',
  needsGradients: true,
  remembers: true,
  weigh: (heads, _state, gradients) => {
    tell(gradients?.gramian);
    return heads.map(() => 1);
  },
  observe: (_heads, _losses, state) => state,
});

/** Two encoders; an auxiliary head on one of them, and two heads on the trunk that both go into. All of it is linear. */
function auxiliaryBeside(): ModelSpec {
  const graph = new GraphModel(2);
  const [main, side] = fork(graph.input('x', [2]).add(shared('encoderX')), 2);
  const other = graph.input('z', [2]).add(shared('encoderZ'));
  const [a, b] = fork(merge([main, other], 'concat').add(shared('trunk')), 2);
  graph.output('a', a.add(layers.dense({ units: 1, name: 'wa' })), { loss: 'meanSquaredError' });
  graph.output('b', b.add(layers.dense({ units: 1, name: 'wb' })), { loss: 'meanSquaredError' });
  const auxiliary = { loss: 'meanSquaredError', weight: 0.3, trainingOnly: true } as const;
  graph.output('c', side.add(layers.dense({ units: 1, name: 'wc' })), auxiliary);
  return graph.describe();
}

const shared = (name: string) => layers.dense({ units: 2, name });

/** dL/dz of each row: 2 (y − t) / n, the gradient of the mean squared error of a linear head. */
function residualsOf({ heads }: StepReport, batch: Batch, head: keyof typeof present): readonly number[] {
  const { points, labels } = heads[head] as { points: Float32Array; labels: number };
  const truth = batch.labels[head]?.values as Float32Array;
  return present[head].map((known, row) =>
    known ? (2 * ((points[row] as number) - (truth[row] as number))) / labels : 0,
  );
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, value, at) => sum + value * (b[at] as number), 0);

onEngines('strategies that weigh by gradients', [compiled, eager], (on) => {
  it('are told of the present heads’ gradients where they part', async () => {
    let found: Float64Array | undefined;
    const runner = await openRunner(threeHeads(), on.engine, { merge: spying((gramian) => (found = gramian)) });
    const { arrays } = runner.state();
    const kernels = ['wa', 'wb'].map((name) => Float32Array.from(arrays[`parameter/${name}/kernel`] as Float32Array));
    const batch = batchOf(['a', 'b']);
    const report = await runner.take(batch, { points: true });
    if (!('heads' in report)) throw new Error('the batch has labels');
    const residuals = (['a', 'b'] as const).map((head) => residualsOf(report, batch, head));
    for (const [i, j] of [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ] as const) {
      const rows = dot(residuals[i] as number[], residuals[j] as number[]);
      const weights = dot(kernels[i] as Float32Array, kernels[j] as Float32Array);
      expect(found?.[i * 2 + j]).toBeCloseTo(rows * weights, 6);
    }
  });

  it('are told of all that heads share, before and behind an auxiliary head', async () => {
    let found: Float64Array | undefined;
    const spec = auxiliaryBeside();
    const runner = await openRunner(spec, on.engine, { merge: spying((gramian) => (found = gramian)) });
    const { arrays } = runner.state();
    const kernel = (name: string) => Float32Array.from(arrays[`parameter/${name}/kernel`] as Float32Array);
    const [trunk, ...ends] = ['trunk', 'wa', 'wb', 'wc'].map(kernel) as [Float32Array, ...Float32Array[]];
    const batch = { ...batchOf(['a', 'b', 'c']), inputs: { x: numbers(8, 1), z: numbers(8, 4) } };
    const report = await runner.take(batch, { points: true });
    if (!('heads' in report)) throw new Error('the batch has labels');
    const heads = ['a', 'b', 'c'] as const;
    const residuals = heads.map((head) => residualsOf(report, batch, head));
    // What a head's output gains from each number where they part: at encoderX, and at the trunk behind it.
    const [a, b, c] = ends as [Float32Array, Float32Array, Float32Array];
    const through = (end: Float32Array): readonly number[] =>
      [0, 1].map((row) => [0, 1].reduce((sum, at) => sum + (trunk[row * 2 + at] as number) * (end[at] as number), 0));
    const gains = [
      [...through(a), ...a],
      [...through(b), ...b],
      [...c, 0, 0],
    ];
    for (const i of heads.keys())
      for (const j of heads.keys())
        expect(found?.[i * 3 + j], `${heads[i]}, ${heads[j]}`).toBeCloseTo(
          dot(residuals[i] as number[], residuals[j] as number[]) * dot(gains[i] as number[], gains[j] as number[]),
          5,
        );
  });

  it('move as the sum does when their factors are its, and by their factors otherwise', async () => {
    const states = [];
    for (const needsGradients of [false, true]) {
      const merge: MergeStrategy = {
        type: 'sum',
        needsGradients,
        remembers: false,
        weigh: (heads) => heads.map(({ name, weight }) => (name === 'c' ? 0 : weight)),
        observe: (_heads, _losses, state) => state,
      };
      const runner = await openRunner(threeHeads(), on.engine, { merge });
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
});

/** For each parting, the layer that computes it. */
function partingLayers(spec: ModelSpec): readonly string[] {
  return partings(spec)
    .map((value) => spec.nodes.find(({ outputs }) => outputs.includes(value))?.layer.name ?? 'input')
    .sort();
}

const end = () => layers.dense({ units: 1 });
const huber = { loss: 'huber' } as const;

describe('where heads part', () => {
  it('is every fork, because each is the end of what its heads share', () => {
    const graph = new GraphModel();
    const [left, right] = fork(graph.input('x', [2]).add(shared('trunk')), 2);
    const [a, b] = fork(right.add(shared('branch')), 2);
    graph.output('left', left.add(end()), huber);
    graph.output('a', a.add(end()), huber);
    graph.output('b', b.add(end()), huber);
    graph.output('alone', graph.input('z', [2]).add(end()), huber);
    expect(partingLayers(graph.describe())).toEqual(['branch', 'trunk']);
  });

  it('is also behind an auxiliary head, for the encoders beside it and the rest of the trunk', () => {
    expect(partingLayers(auxiliaryBeside())).toEqual(['encoderX', 'trunk']);
  });

  it('is passed by every way from what heads share to each of them', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(), fc.boolean()), { minLength: 1, maxLength: 12 }), (uses) => {
        // Values 0 and 1 are inputs; each use joins two earlier values, and may end a head.
        const nodes = uses.map(([one, two], at) => ({ inputs: [one % (at + 2), two % (at + 2)], outputs: [at + 2] }));
        const ends = uses.flatMap(([, , ends], at) => (ends || at === uses.length - 1 ? [at + 2] : []));
        const readers = Array.from({ length: nodes.length + 2 }, () => new Set<string>());
        for (const value of ends) readers[value]?.add(`head${value}`);
        for (const { inputs, outputs } of nodes.toReversed())
          for (const input of inputs) for (const head of readers[outputs[0] as number] ?? []) readers[input]?.add(head);
        const spec = {
          inputs: [{ value: 0 }, { value: 1 }],
          nodes,
          heads: ends.map((value) => ({ value, objective: true })),
          readers: readers.map((heads) => [...heads]),
        };
        const found = new Set(partings(spec));
        /** Whether a head can be reached from a value that several share without passing where they part. */
        const escapes = (value: number, head: string): boolean => {
          if (!readers[value]?.has(head) || found.has(value)) return false;
          if (head === `head${value}`) return true;
          return nodes.some(({ inputs, outputs }) => inputs.includes(value) && escapes(outputs[0] as number, head));
        };
        for (const [value, heads] of readers.entries())
          if (heads.size > 1) for (const head of heads) expect(escapes(value, head)).toBe(false);
      }),
    );
  });
});
