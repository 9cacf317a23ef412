import * as tf from '@tensorflow/tfjs-core';
import { initializers, input, layers, model, type SymbolicTensor, sequential } from '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Branch, fork, GraphModel, type ModelSpec } from '../../src/model/index.ts';
import type { Batch } from '../../src/step/batch.ts';
import type { StepReport } from '../../src/step/report.ts';
import type { StepRunner } from '../../src/step/runner.ts';
import { fractions } from '../contract/plan.ts';
import { slopesOf } from '../contract/slope.ts';
import { compiled, eager, onEngines } from '../engine/opened.ts';
import { openRunner } from './open-runner.ts';

const { constant } = initializers;
const { dense } = layers;
const [rows, momentum, epsilon] = [5, 0.75, 0.01];
type Options = NonNullable<Parameters<typeof layers.batchNormalization>[0]>;

/** It begins with moving statistics that no batch here has. */
const normalization = (name: string, options: Options = {}): layers.Layer =>
  layers.batchNormalization({
    name,
    momentum,
    epsilon,
    movingMeanInitializer: constant({ value: 0.25 }),
    movingVarianceInitializer: constant({ value: 2 }),
    ...options,
  });

/** A model of one layer that is not trained, while the layer itself says nothing of it. */
function untrained(layer: layers.Layer, kind: 'sequential' | 'functional' = 'sequential', shape = [2]): layers.Layer {
  const x = input({ shape });
  const made =
    kind === 'functional'
      ? model({ inputs: x, outputs: layer.apply(x) as SymbolicTensor })
      : sequential({ layers: [layers.inputLayer({ inputShape: shape }), layer] });
  made.trainable = false;
  return made;
}

function batchOf(size: number, labels: readonly string[], labelSize = 1, seed = 1): Batch {
  return {
    rows,
    inputs: { x: Float32Array.from(fractions(rows * size, seed)) },
    labels: Object.fromEntries(
      labels.map((head, at) => [
        head,
        {
          values: Float32Array.from(fractions(rows * labelSize, seed + at + 50)),
          present: new Uint8Array(rows).fill(1),
        },
      ]),
    ),
  };
}

interface Statistics {
  readonly mean: readonly number[];
  readonly variance: readonly number[];
}

/** Rows of two numbers as they are normalised, by hand. */
const normalized = (x: readonly number[], { mean, variance }: Statistics): readonly number[] =>
  x.map((value, at) => (value - Number(mean[at % 2])) / Math.sqrt(Number(variance[at % 2]) + epsilon));

function statisticsOf(x: readonly number[]): Statistics {
  const columns = [0, 1].map((column) => x.filter((_, at) => at % 2 === column));
  const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const mean = columns.map(meanOf);
  return {
    mean,
    variance: columns.map((values, at) => meanOf(values.map((value) => (value - Number(mean[at])) ** 2))),
  };
}

const moved = (before: Statistics, batch: Statistics): Statistics => {
  const towards = (from: readonly number[], to: readonly number[]): readonly number[] =>
    from.map((value, at) => value * momentum + Number(to[at]) * (1 - momentum));
  return { mean: towards(before.mean, batch.mean), variance: towards(before.variance, batch.variance) };
};
const moving: Statistics = { mean: [0.25, 0.25], variance: [2, 2] };

function expectNear(found: ArrayLike<number | bigint> | undefined, expected: readonly number[], what: string): void {
  expect(found?.length, what).toBe(expected.length);
  expected.forEach((value, at) => {
    expect(Math.abs(Number(found?.[at]) - value), `${what}[${at}]`).toBeLessThan(2e-5 * (1 + Math.abs(value)));
  });
}

onEngines('frozen normalisation', [compiled, eager], (on, type) => {
  const programs = (): number => on.events.filter((event) => event.type === 'programCompiled').length;

  beforeEach(() => {
    tf.disposeVariables();
  });

  const open = (spec: ModelSpec, learningRate = 0.1): Promise<StepRunner> =>
    openRunner(spec, on.engine, { optimizer: { type: 'sgd', learningRate } });
  /** What a step predicted for its own rows, by head. */
  async function outputsOf(runner: StepRunner, batch: Batch): Promise<Readonly<Record<string, readonly number[]>>> {
    const { heads } = (await runner.take(batch, { points: true })) as StepReport;
    return Object.fromEntries(
      Object.entries(heads).map(([head, { points }]) => [head, [...(points ?? [])].map(Number)]),
    );
  }
  const statisticsIn = (runner: StepRunner, layer: string): Statistics => {
    const of = (name: string): number[] => [...(runner.state().arrays[`parameter/${layer}/${name}`] ?? [])].map(Number);
    return { mean: of('moving_mean'), variance: of('moving_variance') };
  };

  /** Normalisation and nothing else: in the trunk, and in the branches of two heads. */
  function bare(): ModelSpec {
    const graph = new GraphModel();
    const [a, b] = fork(graph.input('x', [2]).add(normalization('norm')), ['a', 'b']);
    graph.output('first', a.add(normalization('own')), { loss: 'meanSquaredError' });
    graph.output('second', b.add(normalization('other')), { loss: 'meanSquaredError' });
    return graph.describe();
  }

  it.each<[string, readonly string[], readonly string[], readonly string[]]>([
    ['nothing', [], [], []],
    ['the trunk', ['x'], [], ['norm']],
    ['a branch', ['a'], [], ['own']],
    ['a head', [], ['second'], ['other']],
    ['a branch and another head', ['a'], ['second'], ['own', 'other']],
    ['everything', ['x', 'a', 'b'], [], ['norm', 'own', 'other']],
  ])('uses the moving statistics, and keeps them: %s', async (_, branches, heads, frozen) => {
    const runner = await open(bare());
    for (const branch of branches) runner.frozen.add(branch);
    for (const head of heads) runner.head(head).frozen = true;
    const batch = batchOf(2, ['first', 'second'], 2);
    const outputs = await outputsOf(runner, batch);
    const pass = (layer: string, x: readonly number[]): readonly number[] => {
      const ofBatch = statisticsOf(x);
      const isFrozen = frozen.includes(layer);
      const after = statisticsIn(runner, layer);
      if (isFrozen) expect(after).toEqual(moving);
      else {
        expectNear(after.mean, moved(moving, ofBatch).mean, layer);
        expectNear(after.variance, moved(moving, ofBatch).variance, layer);
      }
      return normalized(x, isFrozen ? moving : ofBatch);
    };
    const hidden = pass('norm', [...(batch.inputs.x as Float32Array)]);
    expectNear(outputs.first, pass('own', hidden), 'first');
    expectNear(outputs.second, pass('other', hidden), 'second');
    await runner.close();
  });

  it('may be frozen and let go between steps, and compiles nothing', async () => {
    const runner = await open(bare());
    const known = programs();
    const seen: (readonly number[])[] = [];
    for (const frozen of [false, true, true, false, true]) {
      if (frozen) runner.frozen.add('x').add('a');
      else runner.frozen.clear();
      seen.push((await outputsOf(runner, batchOf(2, ['first'], 2))).first as readonly number[]);
    }
    expect(seen[2]).toEqual(seen[1]);
    for (const [at, other] of [
      [0, 1],
      [2, 3],
      [3, 4],
      [1, 4],
    ] as const)
      expect(seen[at]).not.toEqual(seen[other]);
    expect(programs() - known).toBe(type === 'tfjs-cpu' ? 0 : 1);
    await runner.close();
  });

  const shapes: readonly [string, readonly number[], () => layers.Layer][] = [
    ['of rows', [4], () => normalization('norm')],
    ['without scale', [4], () => normalization('norm', { scale: false })],
    ['without offset', [4], () => normalization('norm', { center: false })],
    ['without both', [4], () => normalization('norm', { scale: false, center: false })],
    ['of sequences', [3, 4], () => normalization('norm')],
    ['of sequences, along the steps', [3, 4], () => normalization('norm', { axis: 1 })],
    ['of images', [3, 2, 4], () => normalization('norm')],
    ['of images without scale, channels first', [3, 2, 4], () => normalization('norm', { axis: 1, scale: false })],
    ['for each step', [3, 4], () => layers.timeDistributed({ layer: normalization('norm') })],
    [
      'inside a model',
      [4],
      () => sequential({ layers: [dense({ units: 3, inputShape: [4] }), normalization('norm'), dense({ units: 2 })] }),
    ],
  ];
  const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

  it.each(shapes)('computes in training what it predicts, %s', async (_, shape, make) => {
    const graph = new GraphModel();
    const trunk = graph.input('x', shape).add(make());
    if (shape.length > 1) trunk.add(layers.flatten());
    const [end] = fork(trunk, ['end']) as [Branch];
    graph.output('y', end.add(dense({ units: 1 })), { loss: 'meanSquaredError' });
    const runner = await open(graph.describe());
    for (const seed of [1, 2]) await runner.take(batchOf(sizeOf(shape), ['y'], 1, seed));
    const batch = batchOf(sizeOf(shape), ['y'], 1, 3);
    const predicted = async (): Promise<readonly number[]> => {
      const { y } = await runner.predict(rows, batch.inputs);
      return [...(y ?? [])].map(Number);
    };
    runner.frozen.add('x');
    const expected = await predicted();
    expectNear((await outputsOf(runner, batch)).y, expected, 'frozen');
    runner.frozen.clear();
    const others = await predicted();
    const largest = (await outputsOf(runner, batch)).y?.map((value, at) => Math.abs(value - Number(others[at])));
    expect(Math.max(...(largest ?? []))).toBeGreaterThan(1e-3);
    await runner.close();
  });

  it.each<[string, () => layers.Layer]>([
    ['itself', () => normalization('norm', { trainable: false })],
    ['inside a model', () => sequential({ layers: [normalization('norm', { trainable: false, inputShape: [2] })] })],
    [
      'as the model it is in',
      () => {
        const model = sequential({ layers: [normalization('norm', { inputShape: [2] })] });
        model.trainable = false;
        return model;
      },
    ],
    ['as a model inside the model it is in', () => sequential({ layers: [untrained(normalization('norm'))] })],
    ['as one made of symbolic tensors', () => sequential({ layers: [untrained(normalization('norm'), 'functional')] })],
    [
      'around a layer, as a model inside the model it is in',
      () =>
        sequential({
          layers: [
            layers.reshape({ targetShape: [1, 2], inputShape: [2] }),
            untrained(layers.timeDistributed({ name: 'norm', layer: normalization('inner') }), 'sequential', [1, 2]),
            layers.flatten(),
          ],
        }),
    ],
  ])('is always so where a layer is not trainable: %s', async (_, make) => {
    const graph = new GraphModel();
    graph.output('y', graph.input('x', [2]).add(make()), { loss: 'meanSquaredError' });
    const runner = await open(graph.describe());
    const batch = batchOf(2, ['y'], 2);
    const expected = normalized([...(batch.inputs.x as Float32Array)], moving);
    for (let step = 0; step < 2; step++) expectNear((await outputsOf(runner, batch)).y, expected, 'y');
    expect(statisticsIn(runner, 'norm')).toEqual(moving);
    await runner.close();
  });

  describe('that several heads use', () => {
    function shared(): ModelSpec {
      const graph = new GraphModel();
      const norm = normalization('norm');
      const [a, b] = fork(graph.input('x', [2]), ['a', 'b']);
      graph.output('first', a.add(norm), { loss: 'meanSquaredError' });
      graph.output('second', b.add(layers.activation({ activation: 'tanh' }), norm), { loss: 'meanSquaredError' });
      return graph.describe();
    }
    const batch = (heads: readonly string[]): Batch => batchOf(2, heads, 2);
    const x = [...(batch([]).inputs.x as Float32Array)];

    it('is one by the same statistics for all of them while it is frozen', async () => {
      const runner = await open(shared());
      runner.frozen.add('a');
      const outputs = await outputsOf(runner, batch(['first', 'second']));
      expectNear(outputs.first, normalized(x, moving), 'first');
      expectNear(outputs.second, normalized(x.map(Math.tanh), moving), 'second');
      expect(statisticsIn(runner, 'norm')).toEqual(moving);
      await runner.close();
    });

    it('follows the present ones only', async () => {
      for (const [heads, of] of [
        [['first'], [x]],
        [['second'], [x.map(Math.tanh)]],
        [
          ['first', 'second'],
          [x, x.map(Math.tanh)],
        ],
      ] as const) {
        const runner = await open(shared());
        await runner.take(batch(heads));
        const expected = of.map(statisticsOf).reduce(moved, moving);
        const found = statisticsIn(runner, 'norm');
        expectNear(found.mean, expected.mean, `mean after ${heads}`);
        expectNear(found.variance, expected.variance, `variance after ${heads}`);
        await runner.close();
      }
    });
  });

  it('passes on the gradient of what it computes: that of finite differences', async () => {
    const graph = new GraphModel();
    const hidden = graph.input('x', [3]).add(dense({ units: 4, activation: 'tanh', name: 'hidden' }));
    const [branch] = fork(hidden, ['branch']) as [Branch];
    graph.output('y', branch.add(normalization('norm'), dense({ units: 1 })), { loss: 'meanSquaredError' });
    const runner = await open(graph.describe(), 1);
    runner.frozen.add('branch');
    const { slope, difference } = await slopesOf(runner, batchOf(3, ['y']), 1e-2);
    expect(Math.abs(slope)).toBeGreaterThan(0.05);
    expect(Math.abs(slope - difference)).toBeLessThan(0.02 * Math.abs(difference) + 1e-4);
    await runner.close();
  });
});
