import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { TypedArray } from '../../src/core/dtype.ts';
import { denominators } from '../../src/loss/index.ts';
import { type MergeConfig, type MergeStrategy, merges } from '../../src/merge/index.ts';
import type { ModelSpec } from '../../src/model/index.ts';
import { type OptimizerConfig, optimizers } from '../../src/optimizer/index.ts';
import type { Batch } from '../../src/step/batch.ts';
import type { StepRunner } from '../../src/step/runner.ts';
import { compiled, eager, native, onEngines } from '../engine/opened.ts';
import { openRunner } from '../step/open-runner.ts';
import { bits, copied } from './bits.ts';
import { optimizerConfigs } from './optimizers.ts';
import {
  type BranchPlan,
  batchFor,
  forked,
  type HeadPlan,
  headsOf,
  lossCases,
  mapBranches,
  mapHeads,
  modelOf,
  type Pattern,
  type Plan,
  patterns,
  plans,
  withHead,
} from './plan.ts';
import { holds } from './property.ts';

const mergeConfigs = fc.constantFrom<MergeConfig>(
  { type: 'sum' },
  { type: 'static', weights: { head0: 0.5, head1: 3 }, normalize: true },
  { type: 'uncertainty' },
);
const runsOf = { 'onnx-cpu': 12, 'tfjs-cpu': 6, 'tfjs-node': 6 } as Readonly<Record<string, number>>;

/** A random model with the label patterns of three batches. */
const cases = plans.chain((plan) =>
  fc.record({
    plan: fc.constant(plan),
    steps: fc.tuple(patterns(plan), patterns(plan), patterns(plan)),
    optimizer: optimizerConfigs,
    merge: mergeConfigs,
    frozen: fc.constantFrom('nothing', 'nothing', 'trunk', 'branch'),
  }),
);

const leafOf = (name: string): BranchPlan => ({
  units: [3],
  normalized: false,
  dropout: false,
  end: { name, loss: 'meanSquaredError', weight: 1, denominator: 'present' },
});

/** A layer that several heads use: weights of one of them must not reach it when that head is absent. */
const sharedLayer = {
  plan: {
    inputs: [1],
    trunk: {
      units: [3],
      normalized: false,
      dropout: false,
      parting: 'shared',
      end: [leafOf('head0'), leafOf('head1')],
    } satisfies BranchPlan,
  } as Plan,
  steps: [
    { head0: [true], head1: [false] },
    { head0: [true], head1: [true] },
    { head0: [true], head1: [false] },
  ] as [Pattern, Pattern, Pattern],
  optimizer: { type: 'adam', l2: 0.1 } as OptimizerConfig,
  merge: { type: 'sum' } as MergeConfig,
  frozen: 'nothing',
};

/** A limit over all that is present, which gradients that an absent head left behind would change. */
const limited = {
  ...sharedLayer,
  plan: { ...sharedLayer.plan, trunk: { ...sharedLayer.plan.trunk, parting: 'apart' } } as Plan,
  optimizer: { type: 'sgd', learningRate: 0.1, clip: { globalNorm: 1e-3 } } as OptimizerConfig,
};

onEngines('absent means absent', [compiled, eager, native], (on, type) => {
  const numRuns = runsOf[type] as number;

  async function open(
    spec: ModelSpec,
    optimizer: OptimizerConfig['type'] | OptimizerConfig = 'adam',
    merge: MergeConfig | MergeStrategy = { type: 'sum' },
    frozen = 'nothing',
  ): Promise<StepRunner> {
    const runner = await openRunner(spec, on.engine, { optimizer, merge, seed: 3 });
    const [trunk] = spec.groups;
    const branch = spec.heads.find(({ name }) => name === 'head0');
    if (frozen === 'trunk') runner.frozen.add(trunk?.branch as string);
    if (frozen === 'branch') runner.frozen.add(branch?.branch as string);
    return runner;
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

  const check = <T>(
    cases: fc.Arbitrary<T>,
    property: (value: T) => Promise<void>,
    examples: readonly T[] = [],
  ): Promise<void> => holds(cases, numRuns, property, examples);

  it('1: what only absent or frozen heads use keeps its parameters, state, clock and moving statistics, bit for bit', () =>
    check(cases, async ({ plan, steps, optimizer, merge, frozen }) => {
      const runner = await open(modelOf(plan), optimizer, merge, frozen);
      const own = new Set(headsOf(plan.trunk).flatMap((head) => (head.frozen ? [head.name] : [])));
      for (const batch of batchesOf(plan, steps)) {
        const before = copied(runner);
        await runner.take(batch);
        const present = new Set(Object.keys(batch.labels).filter((head) => batch.labels[head]?.present.includes(1)));
        const silent = runner.spec.groups.filter(
          ({ heads, branch }) =>
            !heads.some((head) => present.has(head)) ||
            runner.frozen.has(branch) ||
            (heads.length === 1 && own.has(heads[0] as string)),
        );
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
    check(cases, async ({ plan: given, steps, optimizer, merge, frozen }) => {
      const plan = forked(given);
      const extra: HeadPlan = { name: 'extra', loss: 'binaryCrossentropy', weight: 3, denominator: 'ema' };
      const how = [optimizer, merge, frozen] as const;
      const [without, with_] = [
        await trained(plan, batchesOf(plan, steps), ...how),
        await trained(withHead(plan, extra), batchesOf(plan, steps), ...how),
      ];
      const known = bits(without.arrays);
      expect(bits(with_.arrays, (name) => name in known)).toEqual(known);
      const { extra: _, ...settings } = with_.settings;
      expect({ ...with_, settings, arrays: 0 }).toEqual({ ...without, arrays: 0 });
    }));

  it('2: a head that was trained and is absent now changes no other head and not the trunk, bit for bit', () =>
    check(
      cases,
      async ({ plan: given, steps, optimizer, merge, frozen }) => {
        const plan = forked(given);
        const grown = withHead(plan, { name: 'extra', loss: 'huber', weight: 3, denominator: 'ema' });
        const all = Object.fromEntries(headsOf(grown.trunk).map(({ name }) => [name, [true, true]]));
        const runner = await open(modelOf(grown), optimizer, merge, frozen);
        await runner.take(batchFor(grown, all, 9));
        const saved = copied(runner);
        const rest = batchesOf(plan, steps);
        await train(runner, rest);
        const continued = copied(runner);
        await runner.close();
        const alone = await open(modelOf(plan), optimizer, merge);
        alone.restore(saved);
        await train(alone, rest);
        const known = bits(copied(alone).arrays);
        await alone.close();
        expect(bits(continued.arrays, (name) => name in known)).toEqual(known);
      },
      [limited],
    ));

  it('3: what stands where labels are absent changes nothing, bit for bit', () =>
    check(
      fc.tuple(cases, fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1e30)),
      async ([{ plan, steps, optimizer, merge, frozen }, filling]) => {
        const how = [optimizer, merge, frozen] as const;
        const clean = await trained(plan, batchesOf(plan, steps), ...how);
        const dirty = await trained(plan, batchesOf(plan, steps, filling), ...how);
        expect(bits(dirty.arrays)).toEqual(bits(clean.arrays));
      },
    ));

  it('3: the weights of an absent head change nothing, be they infinite', () =>
    check(
      cases,
      async ({ plan: given, steps, optimizer, merge, frozen }) => {
        const plan = withHead(forked(given), { name: 'extra', loss: 'huber', weight: 1, denominator: 'present' });
        const how = [optimizer, merge, frozen] as const;
        const [clean, poisoned] = [await open(modelOf(plan), ...how), await open(modelOf(plan), ...how)];
        const own = poisoned.spec.groups
          .filter(({ heads }) => heads.join() === 'extra')
          .flatMap(({ parameters }) => parameters);
        const infinite = own.map(({ name, variable }) => [
          `parameter/${name}`,
          new Float32Array(variable.size).fill(Number.POSITIVE_INFINITY),
        ]);
        poisoned.adopt({ ...poisoned.state(), arrays: Object.fromEntries(infinite) });
        const others = batchesOf(given, steps);
        for (const runner of [clean, poisoned]) await train(runner, others);
        const names = new Set(own.map(({ name }) => name));
        const isOther = (name: string): boolean => !names.has(name.replace(/^(parameter|slot\/\w+)\//, ''));
        expect(bits(poisoned.state().arrays, isOther)).toEqual(bits(clean.state().arrays, isOther));
        for (const runner of [clean, poisoned]) await runner.close();
      },
      [sharedLayer],
    ));

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
    check(cases, async ({ plan, steps, optimizer, merge, frozen }) => {
      const batches = [...batchesOf(plan, steps), ...batchesOf(plan, [...steps].reverse())];
      const whole = await trained(plan, batches, optimizer, merge, frozen);
      const first = await open(modelOf(plan), optimizer, merge, frozen);
      await train(first, batches.slice(0, 3));
      const saved = copied(first);
      await first.close();
      // What was frozen comes back with the state.
      const second = await open(modelOf(plan), optimizer, merge);
      second.restore(saved);
      await train(second, batches.slice(3));
      const continued = copied(second);
      await second.close();
      expect(bits(continued.arrays)).toEqual(bits(whole.arrays));
      expect({ ...continued, arrays: 0 }).toEqual({ ...whole, arrays: 0 });
    }));

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

  it.each(merges.plugins.map((plugin) => [plugin.type, { type: plugin.type, ...plugin.example } as MergeConfig]))(
    '1, 2, 3, 6 and 8 hold under the merge strategy %s',
    async (_, merge) => {
      const leaf = (at: number): BranchPlan => ({
        units: [2],
        normalized: at === 0,
        dropout: true,
        end: { name: `head${at}`, loss: 'meanSquaredError', weight: 1 + at, denominator: 'present' },
      });
      const plan: Plan = {
        inputs: [3],
        trunk: { units: [4], normalized: true, dropout: true, end: [0, 1, 2].map(leaf) },
      };
      const rows = (...known: readonly number[]) => known.map(Boolean);
      const steps: readonly Pattern[] = [
        { head0: rows(1, 0, 1), head1: rows(1, 1, 0), head2: rows(0, 0, 0) },
        { head0: rows(1, 1, 1), head1: rows(0, 0, 0), head2: rows(0, 0, 0) },
        { head0: rows(0, 0, 0), head1: rows(0, 1, 0), head2: rows(0, 0, 0) },
      ];
      const batches = batchesOf(plan, steps);
      const [first] = batches as [Batch];
      const start = modelOf(plan);
      const initial = modelParameters(start);
      const clean = await trained(plan, batches, 'adam', merge);
      for (const [name, values] of Object.entries(initial))
        expect(
          clean.arrays[`parameter/${name}`]?.some((value, at) => value !== values[at]),
          name,
        ).toBe(!name.includes('.2/'));
      expect(bits((await trained(plan, batchesOf(plan, steps, Number.NaN), 'adam', merge)).arrays)).toEqual(
        bits(clean.arrays),
      );
      const extra: HeadPlan = { name: 'extra', loss: 'huber', weight: 1, denominator: 'present' };
      const grown = await trained(withHead(plan, extra), batches, 'adam', merge);
      const known = bits(clean.arrays);
      expect(bits(grown.arrays, (name) => name in known)).toEqual(known);
      expect(grown.merge).toEqual(clean.merge);
      const runner = await open(modelOf(plan), 'adam', merge);
      await runner.take(first);
      const saved = copied(runner);
      expect(await runner.take({ ...first, labels: {} })).toMatchObject({ skipped: 'unlabelled' });
      expect(copied(runner)).toEqual(saved);
      await runner.close();
      const second = await open(modelOf(plan), 'adam', merge);
      second.restore(saved);
      await train(second, batches.slice(1));
      expect(bits(copied(second).arrays)).toEqual(bits(clean.arrays));
      expect(copied(second).merge).toEqual(clean.merge);
      await second.close();
      tf.disposeVariables();
    },
  );

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
function withoutChance(plan: Plan): Plan {
  const plain = mapBranches(plan, (branch) => ({ ...branch, dropout: false, normalized: false, regularized: false }));
  return mapHeads(plain, (head) => ({ ...head, denominator: 'present' }));
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
      ...(labels.weight ? { weight: turned(labels.weight) } : {}),
    })),
    ...(batch.keys ? { keys: turned(batch.keys) } : {}),
  };
}
