import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TypedArray } from '../../../src/core/dtype.ts';
import { type MergeStrategy, merges } from '../../../src/merge/index.ts';
import { remembersNothing } from '../../../src/merge/strategy.ts';
import { formatModel } from '../../../src/model/index.ts';
import type { Batch } from '../../../src/step/batch.ts';
import type { StepReport } from '../../../src/step/report.ts';
import type { StepRunner } from '../../../src/step/runner.ts';
import type { InputShape } from '../../../src/stream/stage/describer.ts';
import type { Selector } from '../../../src/stream/stage/index.ts';
import { SelectedModel, SelectorProgram } from '../../../src/stream/stage/selector.ts';
import { batchFor, forked, type Pattern, type Plan, patterns, plans, withHead } from '../../contract/plan.ts';
import { holds } from '../../contract/property.ts';
import { expectAlike } from '../../contract/rounding.ts';
import { compiled, eager, opened } from '../../engine/opened.ts';
import { openRunner } from '../../step/open-runner.ts';
import { graphOf, inputsOf, sayable, selectorOf } from './form.ts';
import { richBatches, richGraph, richInputs, richSelector } from './rich.ts';
import { sharedBatch, sharedInputs, sharedSelector } from './shared.ts';

const sum = merges.build({ type: 'sum' }, undefined, 'merge');
/** Weighs a head by how much its gradient has in common with those of others, as strategies over gradients do. */
const byGradients: MergeStrategy = {
  type: 'test',
  needsGradients: true,
  weigh: (heads, _state, gradients) =>
    heads.map((_, row) => {
      const own = gradients?.gramian.subarray(row * heads.length, (row + 1) * heads.length) ?? new Float64Array();
      return 1 + Math.tanh(own.reduce((total, product) => total + product, 0));
    }),
  ...remembersNothing,
};

const cases = plans.map(sayable).chain((plan) =>
  fc.record({
    plan: fc.constant(plan),
    steps: fc.tuple(patterns(plan), patterns(plan), patterns(plan)),
    frozen: fc.array(fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), { minLength: 3, maxLength: 3 }),
  }),
);
const batchesOf = (plan: Plan, steps: readonly Pattern[], filling = 0): readonly Batch[] =>
  steps.map((pattern, step) => batchFor(plan, pattern, step + 1, filling));

interface How {
  readonly engine: 'compiled' | 'eager';
  /** Whether steps are the selector itself, or the program of the model that it describes. */
  readonly by: 'selector' | 'model';
  readonly merge?: MergeStrategy;
  /** Changes the runner before the first step. */
  readonly before?: (runner: StepRunner) => void;
  /** Which of the model's branches are frozen in each step; none when left out. */
  readonly frozen?: readonly (readonly boolean[])[];
}

describe('a selector, computed batch by batch', () => {
  const engines = { compiled: opened(compiled), eager: opened(eager) };

  /** Reports and state after some steps. */
  async function trained(
    [selector, inputs]: readonly [Selector, Readonly<Record<string, InputShape>>],
    batches: readonly Batch[],
    { engine, by, merge = sum, before, frozen = [] }: How,
  ) {
    const model = new SelectedModel(selector);
    const description = model.describe(inputs, 5);
    const program = new SelectorProgram(model, description, { gradients: merge.needsGradients });
    const runner = await openRunner(description.spec, engines[engine].engine, {
      merge,
      seed: 3,
      fuse: false,
      ...(by === 'selector' ? { program } : {}),
    });
    before?.(runner);
    const branches = [...new Set(description.spec.groups.map(({ branch }) => branch))];
    const reports = [];
    for (const [step, batch] of batches.entries()) {
      runner.frozen.clear();
      for (const branch of branches.filter((_, at) => frozen[step]?.[at])) runner.frozen.add(branch);
      const {
        assembleMs: _a,
        computeMs: _c,
        mergeMs: _m,
        updateMs: _u,
        ...report
      } = (await runner.take(batch, { points: true })) as StepReport;
      // Points are views that later steps write over.
      const heads = Object.entries(report.heads ?? {}).map(([head, { points = [], ...own }]) => ({
        head,
        ...own,
        points: [...points],
      }));
      reports.push({ ...report, heads });
    }
    const { arrays, ...rest } = runner.state();
    const copied = Object.entries(arrays).map(([name, values]) => [name, [...(values as TypedArray)]] as const);
    await runner.close();
    return { reports, rest, arrays: Object.fromEntries(copied) };
  }
  const planned = (plan: Plan) => [selectorOf(plan), inputsOf(plan)] as const;
  const rich = () => [richSelector(), richInputs] as const;

  it('is the model that a graph describes, by its text', () =>
    holds(plans, 50, async (plan) => {
      const model = new SelectedModel(selectorOf(plan));
      expect(formatModel(model.describe(inputsOf(plan), 5).spec)).toBe(formatModel(graphOf(plan)));
    }));

  it('trains and reports as the compiled program of its model, to rounding, whatever is frozen', () =>
    holds(cases, 15, async ({ plan, steps, frozen }) => {
      const batches = batchesOf(plan, steps);
      const define = (given: readonly Batch[]) =>
        trained(planned(plan), given, { engine: 'eager', by: 'selector', frozen });
      const found = await trained(planned(plan), batches, { engine: 'compiled', by: 'model', frozen });
      await expectAlike(found, await define(batches), batches, define);
    }));

  it('may itself be recorded and compiled', () =>
    holds(cases, 4, async ({ plan, steps, frozen }) => {
      const batches = batchesOf(plan, steps);
      const define = (given: readonly Batch[]) =>
        trained(planned(plan), given, { engine: 'eager', by: 'selector', frozen });
      const found = await trained(planned(plan), batches, { engine: 'compiled', by: 'selector', frozen });
      await expectAlike(found, await define(batches), batches, define);
    }));

  it('gives strategies the same gradients of heads', () =>
    holds(cases, 5, async ({ plan, steps }) => {
      const batches = batchesOf(plan, steps);
      const how = { engine: 'eager', merge: byGradients } as const;
      const define = (given: readonly Batch[]) => trained(planned(plan), given, { ...how, by: 'selector' });
      const found = await trained(planned(plan), batches, { ...how, by: 'model' });
      await expectAlike(found, await define(batches), batches, define);
    }));

  it('sees nothing of what stands where labels are absent, bit for bit', () =>
    holds(cases, 5, async ({ plan, steps }) => {
      const how = { engine: 'eager', by: 'selector' } as const;
      const clean = await trained(planned(plan), batchesOf(plan, steps), how);
      const dirty = await trained(planned(plan), batchesOf(plan, steps, Number.NaN), how);
      expect(dirty.arrays).toEqual(clean.arrays);
    }));

  it('sees nothing of the weights of an absent head, be they infinite', () =>
    holds(cases, 5, async ({ plan: given, steps }) => {
      const plan = withHead(forked(given), { name: 'extra', loss: 'huber', weight: 1, denominator: 'present' });
      const how = { engine: 'eager', by: 'selector' } as const;
      const own = (name: string): boolean => name.includes('/extra/');
      const poison = (runner: StepRunner): void => {
        const parameters = runner.spec.groups.flatMap((group) => group.parameters);
        const infinite = parameters
          .filter(({ name }) => own(`parameter/${name}`))
          .map(({ name, variable }) => [`parameter/${name}`, new Float32Array(variable.size).fill(Infinity)]);
        expect(infinite.length).toBeGreaterThan(0);
        runner.adopt({ ...runner.state(), arrays: Object.fromEntries(infinite) });
      };
      const clean = await trained(planned(plan), batchesOf(given, steps), how);
      const poisoned = await trained(planned(plan), batchesOf(given, steps), { ...how, before: poison });
      const others = ({ arrays }: typeof clean) => Object.entries(arrays).filter(([name]) => !own(name));
      expect(others(poisoned)).toEqual(others(clean));
    }));

  describe('whose heads share a layer', () => {
    /** For each step, how much is known of `a` and of `b`. */
    const known = fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 2, maxLength: 4 });
    const sharedOf = (steps: readonly (readonly [boolean, boolean])[], filling = 0): readonly Batch[] =>
      steps.map(([a, b], step) => sharedBatch({ a, b }, step, filling));
    const shared = () => [sharedSelector(), sharedInputs] as const;
    const how = { engine: 'eager', by: 'selector' } as const;

    it('lets its moving statistics follow present ones only, as its compiled model does', () =>
      holds(known, 10, async (steps) => {
        const batches = sharedOf(steps);
        const define = (given: readonly Batch[]) => trained(shared(), given, how);
        const defined = await define(batches);
        for (const by of ['model', 'selector'] as const)
          await expectAlike(await trained(shared(), batches, { engine: 'compiled', by }), defined, batches, define);
      }));

    it('sees nothing of an absent one, bit for bit: neither in its rows nor in its weights', () =>
      holds(known, 10, async (steps) => {
        const batches = sharedOf(steps.map(([, b]) => [false, b] as const));
        const own = (name: string): boolean => name.startsWith('parameter/a/dense');
        const poison = (runner: StepRunner): void => {
          const names = Object.keys(runner.state().arrays).filter(own);
          expect(names).toHaveLength(4);
          const infinite = names.map((name) => {
            const { length } = runner.state().arrays[name] as TypedArray;
            return [name, new Float32Array(length).fill(Number.POSITIVE_INFINITY)];
          });
          runner.adopt({ ...runner.state(), arrays: Object.fromEntries(infinite) });
        };
        const clean = await trained(shared(), batches, how);
        const poisoned = await trained(shared(), batches, { ...how, before: poison });
        const others = ({ arrays }: typeof clean) => Object.entries(arrays).filter(([name]) => !own(name));
        expect(others(poisoned)).toEqual(others(clean));
      }));
  });

  it('has several inputs, functions, masks, heads in mid-trunk, and joins of branches', async () => {
    const model = new SelectedModel(richSelector());
    expect(formatModel(model.describe(richInputs, 5).spec)).toBe(formatModel(richGraph()));
    const define = (given: readonly Batch[]) => trained(rich(), given, { engine: 'eager', by: 'selector' });
    const defined = await define(richBatches);
    for (const by of ['model', 'selector'] as const)
      await expectAlike(await trained(rich(), richBatches, { engine: 'compiled', by }), defined, richBatches, define);
  });
});
