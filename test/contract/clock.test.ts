import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { MergeConfig } from '../../src/merge/index.ts';
import type { ParameterGroup } from '../../src/model/spec.ts';
import { type OptimizerConfig, optimizers } from '../../src/optimizer/index.ts';
import type { ScheduleState } from '../../src/optimizer/schedule/schedule.ts';
import type { Batch } from '../../src/step/batch.ts';
import type { StepReport } from '../../src/step/report.ts';
import type { StepRunner } from '../../src/step/runner.ts';
import { compiled, eager, native, onEngines } from '../engine/opened.ts';
import { openRunner } from '../step/open-runner.ts';
import { bits, copied } from './bits.ts';
import { optimizerConfigs, rates } from './optimizers.ts';
import {
  batchFor,
  type HeadPlan,
  headsOf,
  mapBranches,
  mapHeads,
  modelOf,
  modelOfAll,
  type Pattern,
  type Plan,
  patterns,
  patternsOf,
  plans,
  withoutOwn,
} from './plan.ts';
import { holds } from './property.ts';

/** A model beside others. Its masks would follow the steps of all, and so are left out. */
const beside = (prefix: string): fc.Arbitrary<Plan> =>
  plans.map((plan) => {
    const named = mapHeads(plan, (head) => ({ ...head, name: `${prefix}${head.name}` }));
    return { ...mapBranches(named, (branch) => ({ ...branch, dropout: false })), prefix, objective: 'outputs' };
  });

/** Two models that share nothing, and what is known of the heads of both in some steps. */
const pairs = fc.tuple(beside('a/'), beside('b/'), fc.constantFrom(1, 3)).chain(([one, other, rows]) =>
  fc.record({
    one: fc.constant(one),
    other: fc.constant(other),
    steps: fc.array(
      patternsOf(
        [one, other].flatMap(({ trunk }) => headsOf(trunk)),
        rows,
      ),
      {
        minLength: 4,
        maxLength: 6,
      },
    ),
    // A norm of all that is present is one of both.
    optimizer: optimizerConfigs.map(({ clip, ...options }): OptimizerConfig => {
      const own = Object.entries(clip ?? {}).filter(([limit]) => limit !== 'globalNorm');
      return { ...options, clip: Object.fromEntries(own) };
    }),
    merge: fc.constantFrom<MergeConfig['type']>('sum', 'uncertainty'),
  }),
);

const batchOf = (plan: Plan, pattern: Pattern, step: number): Batch =>
  batchFor(plan, Object.fromEntries(headsOf(plan.trunk).map(({ name }) => [name, pattern[name] ?? []])), step + 1);

const present = ({ labels }: Batch): ReadonlySet<string> =>
  new Set(Object.keys(labels).filter((head) => labels[head]?.present.includes(1)));

/** Steps of one row or more, in which heads come and go. */
const runs = plans.chain((given) => {
  const plan = mapBranches(given, (branch) => ({ ...branch, dropout: false }));
  return fc.record({
    plan: fc.constant(plan),
    steps: fc.array(patterns(plan), { minLength: 3, maxLength: 6 }),
    learningRate: rates,
    factors: fc.array(fc.constantFrom(1, 1, 0.5), { minLength: 6, maxLength: 6 }),
  });
});

/** What DESIGN says of the rate of a group of parameters: it follows a clock that ticks with the steps the group moved in. */
class Clocked {
  readonly #schedule;
  readonly #states = new Map<string, ScheduleState>();
  readonly #clocks = new Map<string, number>();
  readonly #heads: ReadonlyMap<string, HeadPlan>;

  constructor(plan: Plan, learningRate: OptimizerConfig['learningRate']) {
    this.#schedule = optimizers.build({ type: 'sgd', learningRate }, undefined, 'optimizer').schedule;
    this.#heads = new Map(headsOf(plan.trunk).map((head) => [head.name, head]));
  }

  /** The only head that uses a group. */
  #only({ heads }: ParameterGroup): HeadPlan | undefined {
    return heads.length === 1 ? this.#heads.get(heads[0] as string) : undefined;
  }

  moves(group: ParameterGroup, labelled: ReadonlySet<string>): boolean {
    return group.heads.some((head) => labelled.has(head)) && !this.#only(group)?.frozen;
  }

  rate(group: ParameterGroup): number {
    const state = this.#states.get(group.name) ?? this.#schedule.start();
    return this.#schedule.rate(this.#clocks.get(group.name) ?? 0, state) * (this.#only(group)?.learningRate ?? 1);
  }

  tick({ name, heads }: ParameterGroup, report: StepReport): void {
    const losses = heads.flatMap((head) => report.heads[head]?.loss ?? []);
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    this.#clocks.set(name, (this.#clocks.get(name) ?? 0) + 1);
    this.#states.set(name, this.#schedule.observe(this.#states.get(name) ?? this.#schedule.start(), mean));
  }
}

onEngines('head clocks and learning rates', [compiled, eager, native], (on) => {
  const check = <T>(cases: fc.Arbitrary<T>, property: (value: T) => Promise<void>): Promise<void> =>
    holds(cases, 6, property);

  it('what shares nothing with a head that is present goes on later as if the step had not been, bit for bit', () =>
    check(pairs, async ({ one, other, steps, optimizer, merge }) => {
      const both = await openRunner(modelOfAll([one, other]), on.engine, { optimizer, merge });
      const alone = await openRunner(modelOf(one), on.engine, { optimizer, merge });
      for (const [step, pattern] of steps.entries()) {
        const [own, rest] = [batchOf(one, pattern, step), batchOf(other, pattern, step + 50)];
        const inputs = { ...own.inputs, ...rest.inputs };
        await both.take({ ...own, inputs, labels: { ...own.labels, ...rest.labels } }, { keepUnlabelled: true });
        await alone.take(own, { keepUnlabelled: true });
      }
      const [found, expected] = [copied(both), copied(alone)];
      const known = bits(expected.arrays);
      expect(bits(found.arrays, (name) => name in known)).toEqual(known);
      for (const [head, { lastStep: _, ...memory }] of Object.entries(expected.heads))
        expect(found.heads[head]).toMatchObject(memory);
      expect(found.schedules).toMatchObject(expected.schedules);
      expect(found.merge).toMatchObject(expected.merge);
      for (const runner of [both, alone]) await runner.close();
    }));

  it('what moves is moved at the rate of its schedule by its own clock, and what is silent stands still in it', () =>
    check(runs, async ({ plan, steps, learningRate, factors }) => {
      const runner = await openRunner(modelOf(plan), on.engine, { optimizer: { type: 'sgd', learningRate } });
      const groups = runner.spec.groups.filter(({ heads }) => heads.length > 0);
      const clocked = new Clocked(plan, learningRate);
      for (const [step, pattern] of steps.entries()) {
        const batch = batchOf(plan, pattern, step);
        const before = copied(runner).arrays;
        const factor = factors[step] as number;
        runner.learningRate = factor;
        const { branch: steered } = groups[step % groups.length] as ParameterGroup;
        runner.runtime.setBranch(steered, { learningRate: 2 * factor, frozen: false });
        const report = await runner.take(batch);
        if ('skipped' in report) continue;
        const moved = groups.filter((group) => clocked.moves(group, present(batch)));
        const rateOf = (group: ParameterGroup): number =>
          clocked.rate(group) * runner.learningRate * runner.runtime.branchRate(group.branch);
        const branches = [...new Set(moved.map(({ branch }) => branch))];
        expect(Object.keys(report.learningRates).sort()).toEqual(branches.toSorted());
        const after = runner.state().arrays;
        for (const branch of branches) {
          const within = moved.filter((group) => group.branch === branch);
          const [first, ...others] = within as [ParameterGroup, ...ParameterGroup[]];
          expect(report.learningRates[branch], branch).toBeCloseTo(rateOf(first), 9);
          if (others.some((group) => rateOf(group) !== rateOf(first))) continue;
          const names = within.flatMap(({ parameters }) => parameters.filter(({ variable }) => variable.trainable));
          const arraysOf = (arrays: typeof before): readonly number[] =>
            names.flatMap(({ name }) => [...(arrays[`parameter/${name}`] as Float32Array)]);
          const [from, to] = [arraysOf(before), arraysOf(after)];
          const way = Math.hypot(...from.map((value, at) => value - (to[at] as number)));
          const expected = rateOf(first) * (report.gradientNorms[branch] as number);
          // What is moved is rounded to float32, and so is what it is moved by.
          const rounding = 2 ** -22 * (Math.hypot(...from) + Math.hypot(...to)) + 1e-5 * expected;
          expect(Math.abs(way - expected), branch).toBeLessThan(rounding);
        }
        for (const group of moved) clocked.tick(group, report);
      }
      await runner.close();
    }));

  const sharing = fc.record({
    optimizer: optimizerConfigs,
    run: runs,
    merge: fc.constantFrom<MergeConfig['type']>('sum', 'uncertainty'),
  });

  it.each(['head', 'branch'] as const)(
    'a %s’s factor is of its own parameters, whoever uses them and is present',
    (of) =>
      check(sharing, async ({ optimizer, merge, run: { plan: given, steps } }) => {
        const plan = withoutOwn(given);
        const pattern = steps.find((step) => Object.values(step).flat().includes(true));
        if (!pattern) return;
        const taken = async (scale: (runner: StepRunner) => void) => {
          const runner = await openRunner(modelOf(plan), on.engine, { optimizer, merge });
          scale(runner);
          const start = copied(runner).arrays;
          await runner.take(batchOf(plan, pattern, 0));
          const end = copied(runner).arrays;
          await runner.close();
          tf.disposeVariables();
          return { start, end };
        };
        const chosen = (at: number): number => [0.5, 0, 2, 0.25][at % 4] as number;
        const { groups, heads } = modelOf(plan);
        const names = of === 'head' ? heads.map(({ name }) => name) : [...new Set(groups.map(({ branch }) => branch))];
        const factors = new Map(names.map((name, at) => [name, chosen(at)]));
        const plain = await taken(() => {});
        const scaled = await taken(({ runtime }) => {
          for (const [name, learningRate] of factors)
            if (of === 'head') runtime.head(name).learningRate = learningRate;
            else runtime.setBranch(name, { learningRate, frozen: false });
        });
        const scaledBy = new Map<string, number>();
        for (const { branch, heads, parameters } of groups) {
          // What several heads share is no one's own.
          const owner = of === 'branch' ? branch : heads.length === 1 ? heads[0] : undefined;
          for (const { name, variable } of parameters)
            if (owner !== undefined && variable.trainable)
              scaledBy.set(`parameter/${name}`, factors.get(owner) as number);
        }
        // What others own, and the clocks, slots and moving statistics of all.
        const rest = (name: string): boolean => !scaledBy.has(name);
        expect(bits(scaled.end, rest)).toEqual(bits(plain.end, rest));
        for (const [name, factor] of scaledBy) {
          const way = ({ start, end }: typeof plain, at: number): number =>
            Number(end[name]?.[at]) - Number(start[name]?.[at]);
          for (let at = 0; at < (plain.end[name]?.length ?? 0); at++) {
            const expected = factor * way(plain, at);
            expect(Math.abs(way(scaled, at) - expected), `${name}[${at}]`).toBeLessThan(
              1e-6 * (1 + Math.abs(way(plain, at))),
            );
          }
          const itself = (found: string): boolean => found === name;
          if (factor === 0) expect(bits(scaled.end, itself)).toEqual(bits(scaled.start, itself));
        }
      }),
  );
});
