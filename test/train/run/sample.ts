import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layers } from '@tensorflow/tfjs-layers';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import type { TrunklineEvent } from '../../../src/core/event.ts';
import { trunklineBackend } from '../../../src/engine/backend.ts';
import { openEngine } from '../../../src/engine/index.ts';
import { merges } from '../../../src/merge/index.ts';
import { optimizers } from '../../../src/optimizer/index.ts';
import type { Reading, Source } from '../../../src/source/source.ts';
import { type RunnerOptions, StepRunner } from '../../../src/step/runner.ts';
import { batch } from '../../../src/stream/batch.ts';
import { fromSource } from '../../../src/stream/from-source.ts';
import { shuffle } from '../../../src/stream/shuffle.ts';
import { mix } from '../../../src/trace/hash.ts';
import { Graph } from '../../../src/train/graph.ts';
import type { RunOptions, RunPlan } from '../../../src/train/run/plan.ts';
import { TrainingRun } from '../../../src/train/run/run.ts';
import { parametersOf } from '../../../src/train/state-tensors.ts';

trunklineBackend();

const rows = 70;
export const epochs = 3;

/** Rows that depend on their number only, two thirds of the labels known. */
export const source: Source = {
  name: 'train',
  replayable: true,
  inputs: { x: { shape: [2], dtype: 'float32' } },
  heads: ['a', 'b'],
  async *read({ from }): AsyncGenerator<Reading> {
    const number = (row: number, salt: number): number => mix(mix(row) ^ salt) * 2 ** -32;
    for (let start = Number(from ?? 0); start < rows; start += 16) {
      const count = Math.min(16, rows - start);
      const each = <T>(make: (row: number) => T): T[] => Array.from({ length: count }, (_, at) => make(start + at));
      const label = (salt: number) => ({
        values: Float32Array.from(each((row) => number(row, 1) - number(row, salt))),
        present: Uint8Array.from(each((row) => Number(row % 3 !== salt % 3))),
      });
      const x = Float32Array.from(each((row) => [number(row, 1), number(row, 2)]).flat());
      await undefined;
      yield {
        chunk: {
          rows: count,
          inputs: { x: { kind: 'dense', size: 2, values: x } },
          labels: { a: label(4), b: label(5) },
          keys: Int32Array.from(each((row) => row)),
        },
        rejected: [],
        position: start + count,
      };
    }
  },
};

/** Batches of a source like the one above. */
export const batchesOf =
  (from: Source): RunPlan['batches$'] =>
  (restore) =>
    fromSource(from, { epochs, rows: 16, ...(restore ? { restore } : {}) }).pipe(
      shuffle({ rows: 20, seed: 3 }),
      batch({ rows: 8 }),
    );

export interface Opened {
  readonly run: TrainingRun;
  readonly events: TrunklineEvent[];
  /** Bits of every parameter. Closes the engine. */
  parameters(): Promise<string>;
}

/** A run of a small model with dropout, decay and a running denominator. */
export async function open(
  directory: string,
  plan: Partial<RunPlan> = {},
  options: Partial<RunOptions> = {},
  more: Partial<RunnerOptions> = {},
): Promise<Opened> {
  const graph = new Graph({ seed: 5 });
  const trunk = graph
    .input('x', [2])
    .add(layers.dense({ units: 6, activation: 'tanh' }), layers.dropout({ rate: 0.2 }));
  const [a, b] = graph.fork(trunk, ['toA', 'toB']);
  graph.output('a', a.add(layers.dense({ units: 1 })), {
    loss: 'meanSquaredError',
    denominator: 'ema',
    metrics: ['meanAbsoluteError'],
    prequential: 30,
  });
  graph.output('b', b.add(layers.dense({ units: 1 })), { loss: 'huber' });
  const spec = graph.describe();
  const engine = await openEngine({ type: 'onnx-cpu', threads: 1, worker: false });
  const runner = await StepRunner.open(spec, engine, {
    optimizer: optimizers.build({ type: 'adamw', learningRate: 0.01, weightDecay: 0.1 }, undefined, 'optimizer'),
    merge: merges.build({ type: 'sum' }, undefined, 'merge'),
    seed: 9,
    ...more,
  });
  const events: TrunklineEvent[] = [];
  const planned: RunPlan = {
    name: 'small',
    directory,
    runner,
    batches$: batchesOf(source),
    epochs,
    evaluations: [],
    checkpoint: { directory: join(directory, 'checkpoints'), keep: 2 },
    identity: { seed: 9 },
    fitted: null,
    ...plan,
  };
  const run = new TrainingRun(planned, {
    clock: systemClock,
    events: (event) => events.push(event),
    ...options,
  });
  const parameters = async (): Promise<string> => {
    runner.pull();
    const bits = parametersOf(spec).map(({ variable }) =>
      Buffer.from(variable.dataSync().slice().buffer).toString('hex'),
    );
    await runner.close();
    await engine.close();
    return bits.join(' ');
  };
  return { run, events, parameters };
}

/** A folder that is removed when the test, or what else is said, has ended. */
export async function temporary(after: (remove: () => Promise<void>) => void = onTestFinished): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'trunkline-'));
  after(() => rm(made, { recursive: true }));
  return made;
}
