import { layers } from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { TypedArray } from '../../src/core/dtype.ts';
import { fork, GraphModel, type ModelSpec } from '../../src/model/index.ts';
import type { Batch } from '../../src/step/batch.ts';
import type { StepRunner } from '../../src/step/runner.ts';
import { compiled, eager, native, onEngines } from '../engine/opened.ts';
import { openRunner } from '../step/open-runner.ts';
import { fractions, labelsFor, lossCases } from './plan.ts';
import { holds } from './property.ts';

type LossName = keyof typeof lossCases;
const fusible = (Object.keys(lossCases) as LossName[]).filter((loss) => loss !== 'custom');

/** Heads that are alike on one trunk, and one that is not. */
function modelOf(loss: LossName, heads: number): ModelSpec {
  const graph = new GraphModel(3);
  const branches = fork(graph.input('x', [3]).add(layers.dense({ units: 4, activation: 'tanh' })), heads + 1);
  branches.forEach((branch, at) => {
    const own = at === heads ? branch.add(layers.dense({ units: 3, activation: 'tanh' })) : branch;
    const { config, units } = lossCases[loss];
    graph.output(`head${at}`, own.add(layers.dense({ units })), {
      loss: config,
      weight: 1 / (at + 1),
      denominator: at % 2 ? 'batch' : 'present',
    });
  });
  return graph.describe();
}

function batchOf(loss: LossName, presence: readonly (readonly boolean[])[], seed: number, filling = 0): Batch {
  const rows = presence[0]?.length ?? 0;
  return {
    rows,
    inputs: { x: Float32Array.from(fractions(rows * 3, seed)) },
    labels: Object.fromEntries(
      presence.map((present, at) => [
        `head${at}`,
        {
          ...labelsFor({ name: '', loss, weight: 1, denominator: 'present' }, present, seed + at, filling),
          ...(at === 1 ? { weight: Float32Array.from(fractions(rows, at)) } : {}),
        },
      ]),
    ),
  };
}

const cases = fc.record({
  loss: fc.constantFrom(...fusible),
  steps: fc.tuple(fc.integer({ min: 2, max: 4 }), fc.constantFrom(1, 4)).chain(([heads, rows]) =>
    fc.array(
      fc.array(fc.array(fc.boolean(), { minLength: rows, maxLength: rows }), {
        minLength: heads + 1,
        maxLength: heads + 1,
      }),
      { minLength: 2, maxLength: 3 },
    ),
  ),
});

onEngines('heads that are alike, together', [compiled, eager, native], (on, type) => {
  const open = (spec: ModelSpec, fuse: boolean): Promise<StepRunner> => openRunner(spec, on.engine, { fuse });

  async function trained(loss: LossName, batches: readonly Batch[], heads: number, fuse: boolean) {
    const runner = await open(modelOf(loss, heads), fuse);
    const reports = [];
    for (const batch of batches) {
      const report = await runner.take(batch, { points: true });
      if ('heads' in report)
        reports.push(
          Object.entries(report.heads).map(([head, { points, ...rest }]) => ({
            head,
            ...rest,
            points: [...(points as Float32Array)],
          })),
        );
    }
    const { arrays, ...rest } = runner.state();
    const copied = Object.fromEntries(
      Object.entries(arrays).map(([name, values]) => [name, values.slice() as TypedArray]),
    );
    await runner.close();
    return { reports, arrays: copied, rest };
  }

  const check = (
    property: (of: { loss: LossName; steps: readonly (readonly boolean[])[][]; heads: number }) => Promise<void>,
  ) =>
    holds(cases, type === 'onnx-cpu' ? 15 : 6, ({ loss, steps }) =>
      property({ loss, steps: steps as never, heads: (steps[0]?.length ?? 1) - 1 }),
    );

  it('train and report as each by itself, to rounding', () =>
    check(async ({ loss, steps, heads }) => {
      const batches = steps.map((presence, step) => batchOf(loss, presence, step + 1));
      const [together, apart] = [await trained(loss, batches, heads, true), await trained(loss, batches, heads, false)];
      expect(together.rest).toEqual(apart.rest);
      near(together.reports, apart.reports);
      near(
        Object.fromEntries(Object.entries(together.arrays).map(([name, values]) => [name, [...values]])),
        Object.fromEntries(Object.entries(apart.arrays).map(([name, values]) => [name, [...values]])),
      );
    }));

  it('see nothing of what stands where labels are absent, bit for bit', () =>
    check(async ({ loss, steps, heads }) => {
      const states = [];
      for (const filling of [0, Number.NaN])
        states.push(
          (
            await trained(
              loss,
              steps.map((presence, step) => batchOf(loss, presence, step + 1, filling)),
              heads,
              true,
            )
          ).arrays,
        );
      expect(states[1]).toEqual(states[0]);
    }));

  it('see nothing of an absent head’s weights, be they infinite', () =>
    check(async ({ loss, steps, heads }) => {
      const states = [];
      for (const value of [0.5, Number.POSITIVE_INFINITY]) {
        const runner = await open(modelOf(loss, heads), true);
        const own = runner.spec.groups
          .filter((group) => group.heads.join() === 'head0')
          .flatMap(({ parameters }) => parameters);
        const arrays = own.map(({ name, variable }) => [
          `parameter/${name}`,
          new Float32Array(variable.size).fill(value),
        ]);
        runner.adopt({ ...runner.state(), arrays: Object.fromEntries(arrays) });
        for (const [step, presence] of steps.entries()) {
          const batch = batchOf(loss, presence, step + 1);
          const { head0: _, ...labels } = batch.labels;
          await runner.take({ ...batch, labels });
        }
        const names = new Set(own.map(({ name }) => `parameter/${name}`));
        states.push(
          Object.fromEntries(
            Object.entries(runner.state().arrays)
              .filter(([name]) => !names.has(name))
              .map(([name, values]) => [name, [...values]]),
          ),
        );
        await runner.close();
      }
      expect(states[1]).toEqual(states[0]);
    }));
});

/** The same structure, numbers alike to rounding. */
function near(found: unknown, expected: unknown, path = ''): void {
  if (typeof expected === 'number') {
    expect(Math.abs((found as number) - expected), path).toBeLessThan(2e-5 * (1 + Math.abs(expected)));
    return;
  }
  if (typeof expected !== 'object' || expected === null) {
    expect(found, path).toBe(expected);
    return;
  }
  const sorted = (value: unknown): [string, unknown][] =>
    Object.entries(value as object).sort(([a], [b]) => (a < b ? -1 : 1));
  expect(
    sorted(found).map(([key]) => key),
    path,
  ).toEqual(sorted(expected).map(([key]) => key));
  for (const [key, value] of sorted(expected)) near((found as Record<string, unknown>)[key], value, `${path}/${key}`);
}
