import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TypedArray } from '../../../src/core/dtype.ts';
import { trunklineBackend } from '../../../src/engine/backend.ts';
import { openEngine } from '../../../src/engine/index.ts';
import type { Engine } from '../../../src/engine/trainer.ts';
import { merges } from '../../../src/merge/index.ts';
import { formatModel } from '../../../src/model/index.ts';
import { optimizers } from '../../../src/optimizer/index.ts';
import type { Batch } from '../../../src/step/batch.ts';
import type { StepReport } from '../../../src/step/report.ts';
import { StepRunner } from '../../../src/step/runner.ts';
import { SelectedModel, SelectorProgram } from '../../../src/stream/stage/selector.ts';
import { batchFor, type Plan, patterns, plans } from '../../contract/plan.ts';
import { graphOf, inputsOf, selectorOf } from './form.ts';

trunklineBackend();

const cases = plans.chain((plan) =>
  fc.record({ plan: fc.constant(plan), steps: fc.tuple(patterns(plan), patterns(plan), patterns(plan)) }),
);

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

describe('a selector, computed batch by batch', () => {
  const engines: Record<string, Engine> = {};
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

  /** Reports and state after some steps: of the selector itself, or of the model it describes. */
  async function trained(
    plan: Plan,
    batches: readonly Batch[],
    how: { readonly engine: string; readonly selector: boolean },
  ) {
    const model = new SelectedModel(selectorOf(plan));
    const description = model.describe(inputsOf(plan), 5);
    const runner = await StepRunner.open(description.spec, engines[how.engine] as Engine, {
      optimizer: optimizers.build({ type: 'sgd', learningRate: 0.1 }, undefined, 'optimizer'),
      merge: merges.build({ type: 'sum' }, undefined, 'merge'),
      seed: 3,
      fuse: false,
      ...(how.selector ? { program: new SelectorProgram(model, description) } : {}),
    });
    const reports = [];
    for (const batch of batches) {
      const { computeMs: _c, updateMs: _u, ...report } = (await runner.take(batch, { points: true })) as StepReport;
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

  it('is the model that a graph describes, by its text', () =>
    check(plans, 50, async (plan) => {
      const model = new SelectedModel(selectorOf(plan));
      expect(formatModel(model.describe(inputsOf(plan), 5).spec)).toBe(formatModel(graphOf(plan)));
    }));

  it('trains and reports as the compiled program of its model, to rounding', () =>
    check(cases, 20, async ({ plan, steps }) => {
      const batches = steps.map((pattern, step) => batchFor(plan, pattern, step + 1));
      const defined = await trained(plan, batches, { engine: 'eager', selector: true });
      near(await trained(plan, batches, { engine: 'compiled', selector: false }), defined);
    }));
});

/** The same structure, numbers alike to rounding. */
function near(found: unknown, expected: unknown, path = ''): void {
  if (typeof expected === 'number') {
    if (!Object.is(found, expected))
      expect(Math.abs((found as number) - expected), path).toBeLessThan(2e-5 * (1 + Math.abs(expected)));
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
