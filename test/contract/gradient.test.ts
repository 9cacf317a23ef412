import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TypedArray } from '../../src/core/dtype.ts';
import { trunklineBackend } from '../../src/engine/backend.ts';
import { openEngine } from '../../src/engine/index.ts';
import type { Engine } from '../../src/engine/trainer.ts';
import { merges } from '../../src/merge/index.ts';
import { fork, GraphModel } from '../../src/model/index.ts';
import { type OptimizerConfig, optimizers } from '../../src/optimizer/index.ts';
import type { Batch } from '../../src/step/batch.ts';
import { StepRunner } from '../../src/step/runner.ts';
import { type BranchPlan, batchFor, fractions, modelOf, type Plan, patterns, plans } from './plan.ts';

trunklineBackend();

/** Losses without edges, so that differences say something about slopes. */
const smoothLosses = [
  'meanSquaredError',
  'logCosh',
  'gaussianNll',
  'binaryCrossentropy',
  'categoricalCrossentropy',
  'poisson',
] as const;

/** @param straight whether to leave out normalisation, which over a row or two is all curve */
function smooth({ inputs, trunk }: Plan, straight = false): Plan {
  let heads = 0;
  const plain = (branch: BranchPlan): BranchPlan => ({
    ...branch,
    dropout: false,
    normalized: branch.normalized && !straight,
    end:
      'loss' in branch.end
        ? { ...branch.end, loss: smoothLosses[heads++ % smoothLosses.length] as (typeof smoothLosses)[number] }
        : branch.end.map(plain),
  });
  return { inputs, trunk: plain(trunk) };
}

const labelled = plans.chain((plan) => fc.record({ plan: fc.constant(smooth(plan)), pattern: patterns(plan) }));

describe('gradients of random forked graphs', () => {
  let engines: readonly Engine[] = [];

  beforeAll(async () => {
    engines = [
      await openEngine({ type: 'onnx-cpu', threads: 1, worker: false }),
      await openEngine({ type: 'tfjs-cpu' }),
    ];
  });
  afterAll(async () => {
    for (const engine of engines) await engine.close();
  });
  beforeEach(() => {
    tf.setBackend('cpu');
  });

  async function open(plan: Plan, engine: Engine, optimizer: OptimizerConfig): Promise<StepRunner> {
    return StepRunner.open(modelOf(plan), engine, {
      optimizer: optimizers.build(optimizer, undefined, 'optimizer'),
      merge: merges.build({ type: 'sum' }, undefined, 'merge'),
      seed: 3,
    });
  }

  const check = (property: (of: { plan: Plan; batch: Batch }) => Promise<void>, numRuns: number): Promise<void> =>
    fc.assert(
      fc.asyncProperty(labelled, async ({ plan, pattern }) => {
        const batch = batchFor(plan, pattern, 1);
        if (Object.values(batch.labels).some(({ present }) => present.includes(1))) await property({ plan, batch });
        tf.disposeVariables();
      }),
      { numRuns },
    );

  it('are those of finite differences, along one random direction', () =>
    check(async ({ plan: given, batch }) => {
      const plan = smooth(given, true);
      const [engine] = engines as [Engine];
      const runner = await open(plan, engine, { type: 'sgd', learningRate: 1 });
      const names = runner.spec.groups
        .filter(({ heads }) => heads.length > 0)
        .flatMap(({ parameters }) => parameters)
        .filter(({ variable }) => variable.trainable)
        .map(({ name }) => `parameter/${name}`);
      const start = new Map(
        names.map((name) => [name, (runner.state().arrays[name] as TypedArray).slice() as Float32Array]),
      );
      const direction = new Map(
        names.map((name, at) => [name, fractions(start.get(name)?.length ?? 0, at).map((value) => value - 0.5)]),
      );
      const lossAt = async (distance: number): Promise<number> => {
        const arrays = names.map((name) => [
          name,
          start.get(name)?.map((value, at) => value + distance * (direction.get(name)?.[at] as number)),
        ]);
        runner.restore({ ...runner.state(), arrays: Object.fromEntries(arrays) });
        const report = await runner.take(batch);
        return 'loss' in report ? report.loss : Number.NaN;
      };
      const middle = await lossAt(0);
      const moved = runner.state().arrays;
      let slope = 0;
      for (const name of names)
        start.get(name)?.forEach((value, at) => {
          slope += (value - Number(moved[name]?.[at])) * (direction.get(name)?.[at] as number);
        });
      const distance = 5e-3;
      const difference = ((await lossAt(distance)) - (await lossAt(-distance))) / (2 * distance);
      await runner.close();
      expect(Math.abs(slope - difference)).toBeLessThan(0.02 * Math.abs(difference) + 2e-3 * (1 + Math.abs(middle)));
    }, 30));

  it('are those of plain TensorFlow.js, over three steps', () =>
    check(async ({ plan, batch }) => {
      const states = [];
      for (const engine of engines) {
        const runner = await open(plan, engine, { type: 'sgd', learningRate: 0.05 });
        for (let step = 0; step < 3; step++) await runner.take(batch);
        const { arrays, ...rest } = runner.state();
        states.push({
          rest,
          arrays: Object.fromEntries(Object.entries(arrays).map(([name, values]) => [name, [...values]])),
        });
        await runner.close();
      }
      const [compiled, eager] = states as [(typeof states)[0], (typeof states)[0]];
      expect(compiled.rest).toEqual(eager.rest);
      for (const [name, values] of Object.entries(eager.arrays))
        values.forEach((value, at) => {
          const found = Number(compiled.arrays[name]?.[at]);
          expect(Math.abs(found - Number(value)), `${name}[${at}]`).toBeLessThan(1e-4 * (1 + Math.abs(Number(value))));
        });
    }, 12));
});

describe('a silent head', () => {
  it('is bit-identical after 10,000 steps of the others, under Adam with decay', async () => {
    tf.setBackend('cpu');
    const engine = await openEngine({ type: 'onnx-cpu', threads: 1, worker: false });
    const graph = new GraphModel();
    const [loud, silent] = fork(graph.input('x', [4]).add(layers.dense({ units: 5, activation: 'tanh' })), 2);
    graph.output('loud', loud.add(layers.dense({ units: 1 })), { loss: 'meanSquaredError' });
    graph.output(
      'silent',
      silent.add(layers.dense({ units: 3 }), layers.batchNormalization(), layers.dense({ units: 1 })),
      {
        loss: 'binaryCrossentropy',
      },
    );
    const runner = await StepRunner.open(graph.describe(), engine, {
      optimizer: optimizers.build({ type: 'adamw', learningRate: 1e-3, weightDecay: 0.1 }, undefined, 'optimizer'),
      merge: merges.build({ type: 'uncertainty' }, undefined, 'merge'),
      seed: 1,
    });
    const batch = (step: number, heads: readonly string[]): Batch => ({
      rows: 4,
      inputs: { x: Float32Array.from(fractions(16, step)) },
      labels: Object.fromEntries(
        heads.map((head) => [
          head,
          { values: Float32Array.from(fractions(4, step), Math.round), present: Uint8Array.of(1, 0, 1, 1) },
        ]),
      ),
    });
    for (let step = 0; step < 5; step++) await runner.take(batch(step, ['loud', 'silent']));
    const own = (): Record<string, number[]> =>
      Object.fromEntries(
        Object.entries(runner.state().arrays)
          .filter(([name]) => /x\.1/.test(name))
          .map(([name, values]) => [name, [...new Uint32Array(values.slice().buffer)]]),
      );
    const before = own();
    expect(Object.keys(before).length).toBeGreaterThan(10);
    for (let step = 5; step < 10_005; step++) await runner.take(batch(step, ['loud']));
    expect(own()).toEqual(before);
    expect(runner.state().heads).toMatchObject({ loud: { clock: 10_005 }, silent: { clock: 5, labels: 15 } });
    await engine.close();
  }, 60_000);
});
