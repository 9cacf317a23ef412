import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fork, GraphModel } from '../../src/model/index.ts';
import type { Batch } from '../../src/step/batch.ts';
import type { StepRunner } from '../../src/step/runner.ts';
import { eager, inWorker, onEngines } from '../engine/opened.ts';
import { openRunner } from './open-runner.ts';

const heads = ['a', 'b', 'c'];
/** A label whose squared error is infinite. */
const tooLarge = 1e30;

/** What each of some steps has of each head: a label, none, or one whose loss is not finite. */
const runs = fc.array(
  fc.array(fc.constantFrom<'label' | 'none' | 'bad'>('label', 'label', 'none', 'bad'), { minLength: 3, maxLength: 3 }),
  { minLength: 2, maxLength: 7 },
);

function batchOf(kinds: readonly string[], step: number): Batch {
  const known = heads.flatMap((head, at) => {
    const values = Float32Array.of(kinds[at] === 'bad' ? tooLarge : Math.sin(step + at), 0.5);
    return kinds[at] === 'none' ? [] : [[head, { values, present: Uint8Array.of(1, 1) }] as const];
  });
  const x = Float32Array.from({ length: 6 }, (_, at) => Math.cos(step * 7 + at));
  return { rows: 2, inputs: { x }, labels: Object.fromEntries(known), keys: Int32Array.of(step, step + 100) };
}

onEngines('steps that are asked for ahead', [inWorker, eager], (on) => {
  async function open(merge: 'sum' | 'uncertainty'): Promise<StepRunner> {
    const graph = new GraphModel(1);
    const branches = fork(
      graph.input('x', [3]).add(layers.dense({ units: 4, activation: 'tanh' }), layers.dropout({ rate: 0.2 })),
      heads,
    );
    branches.forEach((branch, at) => {
      const own = at === 2 ? branch.add(layers.dense({ units: 3, activation: 'tanh' })) : branch;
      graph.output(heads[at] as string, own.add(layers.dense({ units: 1 })), {
        loss: 'meanSquaredError',
        denominator: at === 1 ? 'ema' : 'present',
      });
    });
    return openRunner(graph.describe(), on.engine, {
      optimizer: { type: 'adam', learningRate: { type: 'cosine', base: 0.01, steps: 20, warmupSteps: 3 } },
      merge,
      seed: 4,
    });
  }

  it.each([
    ['sum', false],
    ['uncertainty', false],
    ['sum', true],
  ] as const)(
    'come to the same as one by one, bit for bit, also when some are not taken: %s, one head a step: %s',
    async (merge, oneHead) => {
      await fc.assert(
        fc.asyncProperty(runs, async (run) => {
          const batches = run.map(batchOf);
          const results = [];
          for (const ahead of [false, true]) {
            const runner = await open(merge);
            const taken = [];
            if (ahead) taken.push(...(await Promise.all(batches.map((batch) => runner.take(batch, { oneHead })))));
            else for (const batch of batches) taken.push(await runner.take(batch, { oneHead }));
            const { arrays, ...rest } = runner.state();
            const reports = taken.map((report) => ({
              ...report,
              assembleMs: 0,
              computeMs: 0,
              mergeMs: 0,
              updateMs: 0,
            }));
            results.push({
              reports,
              rest,
              arrays: Object.entries(arrays).map(([name, values]) => [name, [...values]]),
            });
            await runner.close();
            tf.disposeVariables();
          }
          expect(results[1]).toEqual(results[0]);
        }),
        { numRuns: 12 },
      );
    },
  );
});
