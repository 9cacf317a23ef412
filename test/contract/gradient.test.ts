import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/trainer.ts';
import type { Denominator } from '../../src/loss/index.ts';
import { fork, GraphModel } from '../../src/model/index.ts';
import type { OptimizerConfig } from '../../src/optimizer/index.ts';
import type { Batch } from '../../src/step/batch.ts';
import type { StepRunner } from '../../src/step/runner.ts';
import { compiled, eager, opened } from '../engine/opened.ts';
import { openRunner } from '../step/open-runner.ts';
import {
  type BranchPlan,
  batchFor,
  fractions,
  mapBranches,
  modelOf,
  type Plan,
  patterns,
  plans,
  withoutOwn,
} from './plan.ts';
import { holds } from './property.ts';
import { slopesOf } from './slope.ts';

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
function smooth(plan: Plan, straight = false): Plan {
  let heads = 0;
  return mapBranches(withoutOwn(plan), (branch) => ({
    ...branch,
    dropout: false,
    normalized: branch.normalized && !straight,
    ...(branch.tap ? { tap: { ...branch.tap, loss: 'categoricalCrossentropy' } } : {}),
    end:
      'loss' in branch.end
        ? { ...branch.end, loss: smoothLosses[heads++ % smoothLosses.length] as (typeof smoothLosses)[number] }
        : branch.end,
  }));
}

const labelled = plans.chain((plan) =>
  fc.record({
    plan: fc.constant(smooth(plan)),
    pattern: patterns(plan),
    frozen: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
  }),
);
interface Case {
  readonly plan: Plan;
  readonly batch: Batch;
  /** Which of the model's branches are, in their order. */
  readonly frozen: readonly boolean[];
}

describe('gradients of random forked graphs', () => {
  const engines = [opened(compiled), opened(eager)] as const;

  const open = (plan: Plan, engine: Engine, optimizer: OptimizerConfig): Promise<StepRunner> =>
    openRunner(modelOf(plan), engine, { optimizer, seed: 3 });

  const check = (property: (of: Case) => Promise<void>, numRuns: number): Promise<void> =>
    holds(labelled, numRuns, async ({ plan, pattern, frozen }) => {
      const batch = batchFor(plan, pattern, 1);
      if (Object.values(batch.labels).some(({ present }) => present.includes(1)))
        await property({ plan, batch, frozen });
    });

  it('are those of finite differences, along one random direction', () =>
    check(async ({ plan: given, batch }) => {
      const plan = smooth(given, true);
      const runner = await open(plan, engines[0].engine, { type: 'sgd', learningRate: 1 });
      const { slope, difference, loss } = await slopesOf(runner, batch);
      await runner.close();
      expect(Math.abs(slope - difference)).toBeLessThan(0.02 * Math.abs(difference) + 2e-3 * (1 + Math.abs(loss)));
    }, 30));

  it.each([
    [
      'every head in some rows',
      [
        [1, 0, 1, 1, 0, 1],
        [0, 1, 1, 0, 1, 1],
        [1, 1, 0, 0, 1, 0],
      ],
    ],
    [
      'one of those that share a layer in none',
      [
        [0, 0, 0, 0, 0, 0],
        [0, 1, 1, 0, 1, 1],
        [1, 1, 0, 0, 1, 0],
      ],
    ],
    [
      'one alone',
      [
        [0, 0, 0, 0, 0, 0],
        [0, 1, 1, 0, 1, 1],
        [0, 0, 0, 0, 0, 0],
      ],
    ],
  ])('are those of finite differences through batch statistics that heads share: %s', async (_, known) => {
    const leaf = (at: number, denominator: Denominator): BranchPlan => ({
      units: [3],
      normalized: at === 0,
      dropout: false,
      end: { name: `head${at}`, loss: 'meanSquaredError', weight: 1 + at, denominator },
    });
    const plan: Plan = {
      inputs: [3],
      trunk: {
        units: [4],
        normalized: true,
        dropout: false,
        end: [leaf(0, 'present'), leaf(1, 'batch'), leaf(2, 'ema')],
      },
    };
    const pattern = Object.fromEntries(known.map((rows, at) => [`head${at}`, rows.map(Boolean)]));
    for (const { engine } of engines) {
      const runner = await open(plan, engine, { type: 'sgd', learningRate: 1 });
      const { slope, difference } = await slopesOf(runner, batchFor(plan, pattern, 4), 1e-2);
      expect(Math.abs(slope - difference)).toBeLessThan(0.02 * Math.abs(difference) + 1e-4);
      expect(Math.abs(slope)).toBeGreaterThan(0.01);
      await runner.close();
    }
    tf.disposeVariables();
  });

  it('are those of plain TensorFlow.js, over three steps, of which some branches are frozen in the second', () =>
    check(async ({ plan, batch, frozen }) => {
      const states = [];
      for (const { engine } of engines) {
        const runner = await open(plan, engine, { type: 'sgd', learningRate: 0.05 });
        const branches = [...new Set(runner.spec.groups.map(({ branch }) => branch))];
        for (let step = 0; step < 3; step++) {
          runner.frozen.clear();
          if (step === 1) for (const branch of branches.filter((_, at) => frozen[at])) runner.frozen.add(branch);
          await runner.take(batch);
        }
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
  const on = opened(compiled);

  it('is bit-identical after 10,000 steps of the others, under Adam with decay', async () => {
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
    const runner = await openRunner(graph.describe(), on.engine, {
      optimizer: { type: 'adamw', learningRate: 1e-3, weightDecay: 0.1 },
      merge: { type: 'uncertainty' },
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
    await runner.close();
  }, 60_000);
});
