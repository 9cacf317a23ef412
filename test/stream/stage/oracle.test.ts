import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TypedArray } from '../../../src/core/dtype.ts';
import { trunklineBackend } from '../../../src/engine/backend.ts';
import { openEngine } from '../../../src/engine/index.ts';
import type { Engine } from '../../../src/engine/trainer.ts';
import { type MergeStrategy, merges } from '../../../src/merge/index.ts';
import { remembersNothing } from '../../../src/merge/strategy.ts';
import { formatModel } from '../../../src/model/index.ts';
import { optimizers } from '../../../src/optimizer/index.ts';
import type { Batch } from '../../../src/step/batch.ts';
import type { StepReport } from '../../../src/step/report.ts';
import { StepRunner } from '../../../src/step/runner.ts';
import type { InputShape } from '../../../src/stream/stage/describer.ts';
import type { Selector } from '../../../src/stream/stage/index.ts';
import { SelectedModel, SelectorProgram } from '../../../src/stream/stage/selector.ts';
import { batchFor, forked, type Pattern, type Plan, patterns, plans, withHead } from '../../contract/plan.ts';
import { graphOf, inputsOf, selectorOf } from './form.ts';
import { richBatches, richGraph, richInputs, richSelector } from './rich.ts';

trunklineBackend();

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

const cases = plans.chain((plan) =>
  fc.record({ plan: fc.constant(plan), steps: fc.tuple(patterns(plan), patterns(plan), patterns(plan)) }),
);
const batchesOf = (plan: Plan, steps: readonly Pattern[], filling = 0): readonly Batch[] =>
  steps.map((pattern, step) => batchFor(plan, pattern, step + 1, filling));

const check = <T>(arbitrary: fc.Arbitrary<T>, numRuns: number, property: (value: T) => Promise<void>): Promise<void> =>
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

interface How {
  readonly engine: 'compiled' | 'eager';
  /** Whether steps are the selector itself, or the program of the model that it describes. */
  readonly by: 'selector' | 'model';
  readonly merge?: MergeStrategy;
  /** Changes the runner before the first step. */
  readonly before?: (runner: StepRunner) => void;
}

describe('a selector, computed batch by batch', () => {
  const engines: Partial<Record<How['engine'], Engine>> = {};
  beforeAll(async () => {
    engines.compiled = await openEngine({ type: 'onnx-cpu', threads: 1, worker: false });
    engines.eager = await openEngine({ type: 'tfjs-cpu' });
  });
  afterAll(async () => {
    for (const engine of Object.values(engines)) await engine.close();
  });
  beforeEach(() => {
    tf.setBackend('cpu');
  });

  /** Reports and state after some steps. */
  async function trained(
    [selector, inputs]: readonly [Selector, Readonly<Record<string, InputShape>>],
    batches: readonly Batch[],
    { engine, by, merge = sum, before }: How,
  ) {
    const model = new SelectedModel(selector);
    const description = model.describe(inputs, 5);
    const program = new SelectorProgram(model, description, { gradients: merge.needsGradients });
    const runner = await StepRunner.open(description.spec, engines[engine] as Engine, {
      optimizer: optimizers.build({ type: 'sgd', learningRate: 0.1 }, undefined, 'optimizer'),
      merge,
      seed: 3,
      fuse: false,
      ...(by === 'selector' ? { program } : {}),
    });
    before?.(runner);
    const reports = [];
    for (const batch of batches) {
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
    check(plans, 50, async (plan) => {
      const model = new SelectedModel(selectorOf(plan));
      expect(formatModel(model.describe(inputsOf(plan), 5).spec)).toBe(formatModel(graphOf(plan)));
    }));

  it('trains and reports as the compiled program of its model, to rounding', () =>
    check(cases, 15, async ({ plan, steps }) => {
      const batches = batchesOf(plan, steps);
      const defined = await trained(planned(plan), batches, { engine: 'eager', by: 'selector' });
      near(await trained(planned(plan), batches, { engine: 'compiled', by: 'model' }), defined);
    }));

  it('may itself be recorded and compiled', () =>
    check(cases, 4, async ({ plan, steps }) => {
      const batches = batchesOf(plan, steps);
      const defined = await trained(planned(plan), batches, { engine: 'eager', by: 'selector' });
      near(await trained(planned(plan), batches, { engine: 'compiled', by: 'selector' }), defined);
    }));

  it('gives strategies the same gradients of heads', () =>
    check(cases, 5, async ({ plan, steps }) => {
      const batches = batchesOf(plan, steps);
      const how = { engine: 'eager', merge: byGradients } as const;
      near(
        await trained(planned(plan), batches, { ...how, by: 'model' }),
        await trained(planned(plan), batches, { ...how, by: 'selector' }),
      );
    }));

  it('sees nothing of what stands where labels are absent, bit for bit', () =>
    check(cases, 5, async ({ plan, steps }) => {
      const how = { engine: 'eager', by: 'selector' } as const;
      const clean = await trained(planned(plan), batchesOf(plan, steps), how);
      const dirty = await trained(planned(plan), batchesOf(plan, steps, Number.NaN), how);
      expect(dirty.arrays).toEqual(clean.arrays);
    }));

  it('sees nothing of the weights of an absent head, be they infinite', () =>
    check(cases, 5, async ({ plan: given, steps }) => {
      const plan = withHead(forked(given), { name: 'extra', loss: 'huber', weight: 1, denominator: 'present' });
      const how = { engine: 'eager', by: 'selector' } as const;
      const own = (name: string): boolean => name.includes('/extra/');
      const poison = (runner: StepRunner): void => {
        const parameters = runner.spec.groups.flatMap((group) => group.parameters);
        const infinite = parameters
          .filter(({ name }) => own(`parameter/${name}`))
          .map(({ name, variable }) => [`parameter/${name}`, new Float32Array(variable.size).fill(Infinity)]);
        expect(infinite.length).toBeGreaterThan(0);
        runner.restore({ ...runner.state(), arrays: Object.fromEntries(infinite) });
      };
      const clean = await trained(planned(plan), batchesOf(given, steps), how);
      const poisoned = await trained(planned(plan), batchesOf(given, steps), { ...how, before: poison });
      const others = ({ arrays }: typeof clean) => Object.entries(arrays).filter(([name]) => !own(name));
      expect(others(poisoned)).toEqual(others(clean));
    }));

  it('has several inputs, functions, masks, heads in mid-trunk, and joins of branches', async () => {
    const model = new SelectedModel(richSelector());
    expect(formatModel(model.describe(richInputs, 5).spec)).toBe(formatModel(richGraph()));
    const defined = await trained(rich(), richBatches, { engine: 'eager', by: 'selector' });
    near(await trained(rich(), richBatches, { engine: 'compiled', by: 'model' }), defined);
    near(await trained(rich(), richBatches, { engine: 'compiled', by: 'selector' }), defined);
  });
});

/** The same structure, numbers alike to rounding. */
function near(found: unknown, expected: unknown, path = ''): void {
  if (typeof expected === 'number') {
    const isNear =
      Object.is(found, expected) || Math.abs((found as number) - expected) < 2e-5 * (1 + Math.abs(expected));
    expect(isNear, `${path}: ${found} is near ${expected}`).toBe(true);
    return;
  }
  if (typeof expected !== 'object' || expected === null) {
    expect(found, path).toBe(expected);
    return;
  }
  const keys = (value: unknown): string[] => Object.keys(value as object).sort();
  expect(keys(found), path).toEqual(keys(expected));
  for (const key of keys(expected))
    near((found as Record<string, unknown>)[key], (expected as Record<string, unknown>)[key], `${path}/${key}`);
}
