import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { trunklineBackend } from '../../src/engine/backend.ts';
import { type EngineConfig, openEngine } from '../../src/engine/index.ts';
import type { Engine } from '../../src/engine/trainer.ts';
import { merges } from '../../src/merge/index.ts';
import { fork, GraphModel } from '../../src/model/index.ts';
import { optimizers } from '../../src/optimizer/index.ts';
import type { Batch } from '../../src/step/batch.ts';
import { StepRunner } from '../../src/step/runner.ts';
import { afterLoss, limitOf, type UsualLoss } from '../../src/step/spike.ts';
import type { StepState } from '../../src/step/state.ts';

trunklineBackend();

describe('what is usual', () => {
  const spike = { factor: 3, window: 4 };

  it('is the mean of the losses, and their distance from it; no loss is a spike before the window is full', () => {
    let usual: UsualLoss | undefined;
    for (const loss of [1, 3, 1]) usual = afterLoss(spike, loss, usual);
    expect(limitOf(spike, usual)).toBe(Number.POSITIVE_INFINITY);
    usual = afterLoss(spike, 3, usual);
    expect(usual).toMatchObject({ count: 4, mean: 2 });
    expect(limitOf(spike, usual)).toBeCloseTo(2 + 3 * (usual.distance as number));
  });

  it('follows losses that change little by little, and may be below 0', () => {
    let usual: UsualLoss | undefined;
    for (let step = 0; step < 200; step++) {
      const loss = 5 - step / 10 + (step % 2);
      if (step > 10) expect(loss).toBeLessThan(limitOf(spike, usual));
      usual = afterLoss(spike, loss, usual);
    }
    expect(limitOf(spike, usual)).toBeLessThan(0);
  });
});

const heads = ['a', 'b', 'c'];
const window = 5;

/** Labels of every head but those left out, the loss of some of them as large as is said. */
function batchOf(step: number, more: Partial<Record<string, number | null>> = {}): Batch {
  const known = heads.flatMap((head, at) => {
    if (more[head] === null) return [];
    const values = Float32Array.of(more[head] ?? Math.sin(step + at), 0.5);
    return [[head, { values, present: Uint8Array.of(1, 1) }] as const];
  });
  const x = Float32Array.from({ length: 6 }, (_, at) => Math.cos(step * 7 + at));
  return { rows: 2, inputs: { x }, labels: Object.fromEntries(known), keys: Int32Array.of(step, step + 100) };
}

const engines: readonly EngineConfig[] = [{ type: 'onnx-cpu', threads: 1 }, { type: 'tfjs-cpu' }];

describe.each(engines.map((config) => [config.type, config] as const))('a spike, on %s', (_, config) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine(config);
  });
  afterAll(() => engine.close());
  beforeEach(() => {
    tf.setBackend('cpu');
  });

  /** Heads a and b are computed together, c by itself. */
  async function open(): Promise<StepRunner> {
    const graph = new GraphModel(1);
    const trunk = graph.input('x', [3]).add(layers.dense({ units: 4, activation: 'tanh' }));
    fork(trunk, heads).forEach((branch, at) => {
      const own = at === 2 ? branch.add(layers.dense({ units: 3, activation: 'tanh' })) : branch;
      graph.output(heads[at] as string, own.add(layers.dense({ units: 1 })), { loss: 'meanSquaredError' });
    });
    return StepRunner.open(graph.describe(), engine, {
      optimizer: optimizers.build({ type: 'adam', learningRate: 0.01 }, undefined, 'optimizer'),
      merge: merges.build({ type: 'sum' }, undefined, 'merge'),
      seed: 4,
      spike: { factor: 20, window },
    });
  }

  async function trained(...batches: readonly Batch[]) {
    const runner = await open();
    const reports = [];
    // Asked for at once, as streams do.
    for (const report of await Promise.all(batches.map((batch) => runner.take(batch)))) reports.push(report);
    const state = structuredClone(runner.state()) as StepState;
    await runner.close();
    return { reports, state };
  }

  const usual = Array.from({ length: window + 2 }, (_, step) => batchOf(step));

  it('is left out, and everything else moves as if that head had no label', async () => {
    const spiked = await trained(...usual, batchOf(90, { a: 1000, c: 1000 }), batchOf(91));
    const absent = await trained(...usual, batchOf(90, { a: null, c: null }), batchOf(91));
    expect(spiked.state.arrays).toEqual(absent.state.arrays);
    const [report, next] = spiked.reports.slice(-2);
    expect(report).toMatchObject({ step: window + 3, spikes: { a: 1, c: 1 } });
    expect(Object.keys((report as { heads: object }).heads)).toEqual(['b']);
    expect(report?.rejected.a).toMatch(/^a spike: loss \d+, and [\d.]+ at most before$/);
    expect(next).not.toHaveProperty('spikes');
    expect(spiked.state.heads.a?.usual).toEqual(absent.state.heads.a?.usual);
  });

  it('of every head is no step, and they are counted until one is as usual', async () => {
    const all = (step: number) => batchOf(step, { a: 1000, b: 1000, c: 1000 });
    const { reports, state } = await trained(...usual, all(90), all(91), batchOf(92));
    expect(reports.slice(-3)).toMatchObject([
      { skipped: 'spike', spikes: { a: 1, b: 1, c: 1 } },
      { skipped: 'spike', spikes: { a: 2, b: 2, c: 2 } },
      { step: window + 3 },
    ]);
    expect(state.arrays).toEqual((await trained(...usual, batchOf(92))).state.arrays);
    expect(state.heads.a?.usual?.spikes).toBe(0);
  });

  it('is none of the first losses', async () => {
    const { reports } = await trained(...usual.slice(0, window - 1), batchOf(90, { a: 1000 }));
    expect(reports.at(-1)).toMatchObject({ step: window });
  });
});
