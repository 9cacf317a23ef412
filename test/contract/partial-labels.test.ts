import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TypedArray } from '../../src/core/dtype.ts';
import { trunklineBackend } from '../../src/engine/backend.ts';
import { type EngineConfig, openEngine } from '../../src/engine/index.ts';
import type { Engine } from '../../src/engine/trainer.ts';
import { denominators } from '../../src/loss/index.ts';
import { type MergeConfig, type MergeStrategy, merges } from '../../src/merge/index.ts';
import type { ModelSpec } from '../../src/model/index.ts';
import { type OptimizerConfig, optimizers } from '../../src/optimizer/index.ts';
import type { Batch } from '../../src/step/batch.ts';
import { StepRunner } from '../../src/step/runner.ts';
import {
  type BranchPlan,
  batchFor,
  forked,
  type HeadPlan,
  headsOf,
  lossCases,
  modelOf,
  type Pattern,
  type Plan,
  patterns,
  plans,
  withHead,
} from './plan.ts';

trunklineBackend();

const engines: readonly EngineConfig[] = [{ type: 'onnx-cpu', threads: 1, worker: false }, { type: 'tfjs-cpu' }];
const optimizerTypes = fc.constantFrom(...(optimizers.types as readonly OptimizerConfig['type'][]));
const runsOf = { 'onnx-cpu': 12, 'tfjs-cpu': 6 } as Readonly<Record<string, number>>;

type State = Readonly<Record<string, readonly number[]>>;

/** Arrays bit by bit, so that −0 is not 0 and a NaN equals itself. */
function bits(arrays: Readonly<Record<string, TypedArray>>, keep: (name: string) => boolean = () => true): State {
  return Object.fromEntries(
    Object.entries(arrays)
      .filter(([name]) => keep(name))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, values]) => [name, [...new Uint32Array(values.slice().buffer)]]),
  );
}

const copied = (runner: StepRunner): ReturnType<StepRunner['state']> => {
  const state = runner.state();
  const arrays = Object.fromEntries(Object.entries(state.arrays).map(([name, values]) => [name, values.slice()]));
  return { ...state, arrays: arrays as Record<string, TypedArray> };
};

/** A random model with the label patterns of three batches. */
const cases = plans.chain((plan) =>
  fc.record({
    plan: fc.constant(plan),
    steps: fc.tuple(patterns(plan), patterns(plan), patterns(plan)),
    optimizer: optimizerTypes,
  }),
);

describe.each(engines.map((config) => [config.type, config] as const))('absent means absent, on %s', (type, config) => {
  let engine: Engine;
  const numRuns = runsOf[type] as number;

  beforeAll(async () => {
    engine = await openEngine(config);
  });
  afterAll(() => engine.close());
  beforeEach(() => {
    tf.setBackend('cpu');
  });

  async function open(
    spec: ModelSpec,
    optimizer: OptimizerConfig['type'] | OptimizerConfig = 'adam',
    merge: MergeConfig | MergeStrategy = { type: 'sum' },
  ): Promise<StepRunner> {
    return StepRunner.open(spec, engine, {
      optimizer: optimizers.build(
        typeof optimizer === 'string' ? { type: optimizer } : optimizer,
        undefined,
        'optimizer',
      ),
      merge: 'weigh' in merge ? merge : merges.build(merge, undefined, 'merge'),
      seed: 3,
    });
  }

  async function train(runner: StepRunner, batches: readonly Batch[]): Promise<void> {
    for (const batch of batches) await runner.take(batch);
  }

  /** The arrays after training a model from the start. */
  async function trained(
    plan: Plan,
    batches: readonly Batch[],
    ...how: Parameters<typeof open> extends [ModelSpec, ...infer Rest] ? Rest : never
  ): Promise<ReturnType<typeof copied>> {
    const runner = await open(modelOf(plan), ...how);
    await train(runner, batches);
    const state = copied(runner);
    await runner.close();
    return state;
  }

  const batchesOf = (plan: Plan, steps: readonly Pattern[], filling = 0): readonly Batch[] =>
    steps.map((pattern, step) => batchFor(plan, pattern, step + 1, filling));

  const check = <T>(arbitrary: fc.Arbitrary<T>, property: (value: T) => Promise<void>): Promise<void> =>
    fc.assert(
      fc.asyncProperty(arbitrary, async (value) => {
        try {
          await property(value);
        } finally {
          tf.disposeVariables();
        }
      }),
      { numRuns },
    );

  it('1: what only absent heads use keeps its parameters, state, clock and moving statistics, bit for bit', () =>
    check(cases, async ({ plan, steps, optimizer }) => {
      const runner = await open(modelOf(plan), optimizer);
      for (const batch of batchesOf(plan, steps)) {
        const before = copied(runner);
        await runner.take(batch);
        const present = new Set(Object.keys(batch.labels).filter((head) => batch.labels[head]?.present.includes(1)));
        const silent = runner.spec.groups.filter(({ heads }) => !heads.some((head) => present.has(head)));
        const names = new Set(silent.flatMap(({ parameters }) => parameters.map(({ name }) => name)));
        const groups = new Set(silent.map(({ name }) => name));
        const isSilent = (name: string): boolean =>
          groups.has(name.replace(/^clock\//, '')) || names.has(name.replace(/^(parameter|slot\/\w+)\//, ''));
        const known = bits(before.arrays, isSilent);
        expect(bits(copied(runner).arrays, (name) => name in known)).toEqual(known);
      }
      await runner.close();
    }));

  it('2: a head that nothing labels changes no other head and not the trunk, bit for bit', () =>
    check(cases, async ({ plan: given, steps, optimizer }) => {
      const plan = forked(given);
      const extra: HeadPlan = { name: 'extra', loss: 'binaryCrossentropy', weight: 3, denominator: 'ema' };
      const [without, with_] = [
        await trained(plan, batchesOf(plan, steps), optimizer),
        await trained(withHead(plan, extra), batchesOf(plan, steps), optimizer),
      ];
      const known = bits(without.arrays);
      expect(bits(with_.arrays, (name) => name in known)).toEqual(known);
      const { extra: _, ...settings } = with_.settings;
      expect({ ...with_, settings, arrays: 0 }).toEqual({ ...without, arrays: 0 });
    }));

  it('3: what stands where labels are absent changes nothing, bit for bit', () =>
    check(
      fc.tuple(cases, fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1e30)),
      async ([{ plan, steps, optimizer }, filling]) => {
        const clean = await trained(plan, batchesOf(plan, steps), optimizer);
        const dirty = await trained(plan, batchesOf(plan, steps, filling), optimizer);
        expect(bits(dirty.arrays)).toEqual(bits(clean.arrays));
      },
    ));

  it('3: the weights of an absent head change nothing, be they infinite', () =>
    check(cases, async ({ plan: given, steps }) => {
      const plan = withHead(forked(given), { name: 'extra', loss: 'huber', weight: 1, denominator: 'present' });
      const [clean, poisoned] = [await open(modelOf(plan)), await open(modelOf(plan))];
      const own = poisoned.spec.groups
        .filter(({ heads }) => heads.join() === 'extra')
        .flatMap(({ parameters }) => parameters);
      const infinite = own.map(({ name, variable }) => [
        `parameter/${name}`,
        new Float32Array(variable.size).fill(Number.POSITIVE_INFINITY),
      ]);
      poisoned.restore({ ...poisoned.state(), arrays: Object.fromEntries(infinite) });
      const others = batchesOf(given, steps);
      for (const runner of [clean, poisoned]) await train(runner, others);
      const names = new Set(own.map(({ name }) => name));
      const isOther = (name: string): boolean => !names.has(name.replace(/^(parameter|slot\/\w+)\//, ''));
      expect(bits(poisoned.state().arrays, isOther)).toEqual(bits(clean.state().arrays, isOther));
      for (const runner of [clean, poisoned]) await runner.close();
    }));

  it('4: the gradient is the weighted sum of the heads’ gradients', () =>
    check(cases, async ({ plan, steps: [pattern] }) => {
      const smooth = withoutChance(plan);
      const batch = batchFor(smooth, pattern, 1);
      const present = Object.keys(batch.labels).filter((head) => batch.labels[head]?.present.includes(1));
      const moved = async (heads: readonly string[]): Promise<Readonly<Record<string, Float64Array>>> => {
        const runner = await open(modelOf(smooth), { type: 'sgd', learningRate: 1 });
        const start = modelParameters(runner.spec);
        const labels = Object.fromEntries(heads.map((head) => [head, batch.labels[head] as Batch['labels'][string]]));
        await runner.take({ ...batch, labels });
        const end = heads.length === 0 ? {} : copied(runner).arrays;
        await runner.close();
        return Object.fromEntries(
          Object.entries(start).map(([name, values]) => [
            name,
            Float64Array.from(values, (value, at) => value - Number(end[`parameter/${name}`]?.[at] ?? value)),
          ]),
        );
      };
      const all = await moved(present);
      const parts: Readonly<Record<string, Float64Array>>[] = [];
      for (const head of present) parts.push(await moved([head]));
      for (const [name, values] of Object.entries(all))
        values.forEach((value, at) => {
          const sum = parts.reduce((total, part) => total + (part[name]?.[at] ?? 0), 0);
          expect(Math.abs(value - sum), `${name}[${at}]`).toBeLessThan(2e-5 * (1 + Math.abs(sum)));
        });
    }));

  it('5: the order of rows changes results by rounding only', () =>
    check(cases, async ({ plan, steps }) => {
      const batches = batchesOf(plan, steps).map((batch) => ({
        ...batch,
        keys: Int32Array.from({ length: batch.rows }, (_, row) => row + 7),
      }));
      const [straight, reversed] = [
        await trained(plan, batches, { type: 'sgd', learningRate: 0.05 }),
        await trained(plan, batches.map(reversedRows), { type: 'sgd', learningRate: 0.05 }),
      ];
      for (const [name, values] of Object.entries(straight.arrays))
        values.forEach((value, at) => {
          const other = Number(reversed.arrays[name]?.[at]);
          expect(Math.abs(Number(value) - other), `${name}[${at}]`).toBeLessThan(5e-4 * (1 + Math.abs(other)));
        });
    }));

  it('6: saved, loaded and continued is as never interrupted, bit for bit', () =>
    check(
      fc.tuple(cases, fc.constantFrom<MergeConfig>({ type: 'sum' }, { type: 'uncertainty' })),
      async ([{ plan, steps, optimizer }, merge]) => {
        const batches = [...batchesOf(plan, steps), ...batchesOf(plan, [...steps].reverse())];
        const whole = await trained(plan, batches, optimizer, merge);
        const first = await open(modelOf(plan), optimizer, merge);
        await train(first, batches.slice(0, 3));
        const saved = copied(first);
        await first.close();
        const second = await open(modelOf(plan), optimizer, merge);
        second.restore(saved);
        await train(second, batches.slice(3));
        const continued = copied(second);
        await second.close();
        expect(bits(continued.arrays)).toEqual(bits(whole.arrays));
        expect({ ...continued, arrays: 0 }).toEqual({ ...whole, arrays: 0 });
      },
    ));

  it('7: merge strategies are told of present heads only', () =>
    check(cases, async ({ plan, steps }) => {
      const told: string[][] = [];
      const strategy: MergeStrategy = {
        type: 'spy',
        remembers: true,
        needsGradients: false,
        weigh: (heads) => {
          told.push(heads.map(({ name }) => name));
          return heads.map(() => 1);
        },
        observe: (heads, losses, state) => {
          expect(losses).toHaveLength(heads.length);
          told.push(heads.map(({ name }) => name));
          return state;
        },
      };
      const batches = batchesOf(plan, steps);
      await trained(plan, batches, 'adam', strategy);
      const present = batches
        .map(({ labels }) => Object.keys(labels).filter((head) => labels[head]?.present.includes(1)))
        .filter(({ length }) => length > 0);
      expect(told.map((heads) => heads.sort())).toEqual(present.flatMap((heads) => [heads.sort(), heads.sort()]));
    }));

  it('8: a batch without any label is no step', () =>
    check(cases, async ({ plan, steps, optimizer }) => {
      const runner = await open(modelOf(plan), optimizer, { type: 'uncertainty' });
      await train(runner, batchesOf(plan, steps));
      const before = copied(runner);
      const none = Object.fromEntries(headsOf(plan.trunk).map(({ name }) => [name, [false, false, false]]));
      expect(await runner.take(batchFor(plan, none, 9, Number.NaN))).toEqual({
        skipped: 'unlabelled',
        rows: 3,
        rejected: {},
      });
      expect(await runner.take({ ...batchFor(plan, none, 9), labels: {} })).toMatchObject({ skipped: 'unlabelled' });
      const after = copied(runner);
      expect(bits(after.arrays)).toEqual(bits(before.arrays));
      expect({ ...after, arrays: 0 }).toEqual({ ...before, arrays: 0 });
      await runner.close();
    }));

  it.each(optimizers.types)('1, 2, 3 and 6 hold for every loss and denominator, under %s', async (optimizer) => {
    const losses = Object.keys(lossCases) as (keyof typeof lossCases)[];
    const leaf = (loss: (typeof losses)[number], at: number): BranchPlan => ({
      units: [2],
      normalized: at % 3 === 0,
      dropout: at % 2 === 0,
      end: { name: `head${at}`, loss, weight: 1, denominator: denominators[at % 3] as (typeof denominators)[number] },
    });
    const plan: Plan = { inputs: [3], trunk: { units: [4], normalized: true, dropout: true, end: losses.map(leaf) } };
    // Each head is present in two of three steps, in some of the rows.
    const steps = [0, 1, 2].map((step) =>
      Object.fromEntries(
        losses.map((_, at) => [`head${at}`, [0, 1, 2, 3].map((row) => (at + step) % 3 !== 0 && (row + at) % 2 === 0)]),
      ),
    );
    const batches = batchesOf(plan, steps);
    const clean = await trained(plan, batches, optimizer);
    const dirty = await trained(plan, batchesOf(plan, steps, Number.NaN), optimizer);
    expect(bits(dirty.arrays)).toEqual(bits(clean.arrays));
    const extra: HeadPlan = { name: 'extra', loss: 'huber', weight: 1, denominator: 'present' };
    const grown = await trained(withHead(plan, extra), batches, optimizer);
    const known = bits(clean.arrays);
    expect(bits(grown.arrays, (name) => name in known)).toEqual(known);
    const runner = await open(modelOf(plan), optimizer);
    await train(runner, batches.slice(0, 1));
    const saved = copied(runner);
    await train(runner, batches.slice(1, 2));
    const after = copied(runner);
    const own = (at: number) => (name: string) => name.includes(`joined.${at}/`) || name.includes(`input0.${at}/`);
    losses.forEach((_, at) => {
      const changed = JSON.stringify(bits(after.arrays, own(at))) !== JSON.stringify(bits(saved.arrays, own(at)));
      expect(changed, losses[at]).toBe((at + 1) % 3 !== 0);
    });
    await runner.close();
    const second = await open(modelOf(plan), optimizer);
    second.restore(saved);
    await train(second, batches.slice(1));
    expect(bits(copied(second).arrays)).toEqual(bits(clean.arrays));
    await second.close();
    tf.disposeVariables();
  });

  it('counts clocks and labels of each head', () =>
    check(cases, async ({ plan, steps }) => {
      const batches = batchesOf(plan, steps);
      const { heads } = await trained(plan, batches);
      for (const { name } of headsOf(plan.trunk)) {
        const counts = batches.map(({ labels }) => labels[name]?.present.reduce((sum, known) => sum + known, 0) ?? 0);
        expect(heads[name]?.clock ?? 0).toBe(counts.filter((count) => count > 0).length);
        expect(heads[name]?.labels ?? 0).toBe(counts.reduce((sum, count) => sum + count, 0));
      }
    }));
});

/** Without dropout and batch statistics, which tie a head's gradient to the rest of the step. */
function withoutChance({ inputs, trunk }: Plan): Plan {
  const plain = (branch: Plan['trunk']): Plan['trunk'] => ({
    ...branch,
    dropout: false,
    normalized: false,
    end: 'loss' in branch.end ? { ...branch.end, denominator: 'present' } : branch.end.map(plain),
  });
  return { inputs, trunk: plain(trunk) };
}

function modelParameters(spec: ModelSpec): Readonly<Record<string, Float32Array>> {
  const parameters = spec.groups.flatMap((group) => group.parameters).filter(({ variable }) => variable.trainable);
  return Object.fromEntries(
    parameters.map(({ name, variable }) => [name, variable.dataSync().slice() as Float32Array]),
  );
}

function reversedRows(batch: Batch): Batch {
  const turned = <T extends TypedArray | Uint8Array>(values: T): T => {
    const size = values.length / batch.rows;
    const rows = Array.from({ length: batch.rows }, (_, row) => [...values.slice(row * size, (row + 1) * size)]);
    const copy = values.slice();
    copy.set(rows.reverse().flat() as never);
    return copy as T;
  };
  const each = <T, R>(named: Readonly<Record<string, T>>, change: (value: T) => R): Record<string, R> =>
    Object.fromEntries(Object.entries(named).map(([name, value]) => [name, change(value)]));
  return {
    rows: batch.rows,
    inputs: each(batch.inputs as Readonly<Record<string, TypedArray>>, turned),
    labels: each(batch.labels, (labels) => ({
      values: turned(labels.values),
      present: turned(labels.present),
      ...(labels.bound ? { bound: turned(labels.bound) } : {}),
    })),
    ...(batch.keys ? { keys: turned(batch.keys) } : {}),
  };
}
