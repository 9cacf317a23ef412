import '@tensorflow/tfjs-backend-cpu';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { formatBytes } from '../src/core/format.ts';
import { trunklineBackend } from '../src/engine/backend.ts';
import { openEngine } from '../src/engine/index.ts';
import { maskedCrossEntropy } from './contender/models.ts';
import { setting, table, writeSection } from './measure/results.ts';

// Many steps of a small model, watching memory and native objects: `npm run soak -- --steps 20000`.

const allowedGrowth = 0.05;
const rows = 16;
const { values: options } = parseArgs({ options: { steps: { type: 'string', default: '200000' } } });
const steps = Number(options.steps);
/** Until here caches and pools may fill. */
const settled = Math.min(10_000, Math.round(steps / 2));

trunklineBackend();
const model = sequential({
  layers: [
    layers.dense({ inputShape: [32], units: 32, activation: 'relu' }),
    layers.dropout({ rate: 0.1 }),
    layers.dense({ units: 4 }),
  ],
});
const engine = await openEngine({ type: 'onnx-cpu', threads: 1 });
const trainer = await engine.train({
  step: ({ x, y, m }) => {
    const logits = model.apply(x as tf.Tensor, { training: true }) as tf.Tensor;
    return { loss: maskedCrossEntropy(logits, y as tf.Tensor, m as tf.Tensor) };
  },
  groups: [{ name: 'all', variables: model.weights.map((weight) => weight.read() as tf.Variable) }],
  optimizer: { type: 'adam' },
});
const prepared = await trainer.prepare({ x: { shape: [rows, 32] }, y: { shape: [rows, 4] }, m: { shape: [rows, 4] } });

async function train(count: number): Promise<void> {
  let last: Promise<unknown> = Promise.resolve();
  for (let step = 0; step < count; step++) {
    const slot = prepared.slots[step % 2] as Record<'x' | 'y' | 'm', Float32Array>;
    slot.x.forEach((_, at) => {
      slot.x[at] = Math.sin(step + at);
    });
    slot.y.fill(step % 2);
    slot.m.fill(1);
    const next = prepared.run(step % 2, { present: [true], learningRates: [1e-3] });
    await last;
    last = next;
  }
  await last;
}

setFlagsFromString('--expose-gc');
/** Garbage that waits to be collected is no leak. */
const collectGarbage = runInNewContext('gc') as () => void;

interface Reading {
  readonly step: number;
  readonly resident: number;
  readonly natives: string;
  readonly microseconds: number;
}

async function read(step: number, microseconds: number): Promise<Reading> {
  collectGarbage();
  const { programs, sessions, values } = await engine.status();
  return { step, resident: process.memoryUsage.rss(), natives: `${programs}/${sessions}/${values}`, microseconds };
}

const delay = monitorEventLoopDelay({ resolution: 1 });
await train(settled);
const readings = [await read(settled, 0)];
delay.enable();
const parts = 10;
for (let part = 1; part <= parts; part++) {
  const count = Math.round((steps - settled) / parts);
  const started = performance.now();
  await train(count);
  readings.push(await read(settled + part * count, ((performance.now() - started) / count) * 1000));
}
delay.disable();
await engine.close();

const [first, last] = [readings[0], readings.at(-1)] as [Reading, Reading];
const growth = last.resident / first.resident - 1;
const constant = readings.every(({ natives }) => natives === first.natives);
const shown = readings.map(({ step, resident, natives, microseconds }) => [
  String(step),
  formatBytes(resident),
  natives,
  microseconds === 0 ? '–' : microseconds.toFixed(0),
]);
const body = [
  `${steps} steps of a small model with dropout under Adam: resident memory after the first ${settled} grew by ${(growth * 100).toFixed(1)} %;`,
  `programs, sessions and native values ${constant ? 'stayed the same' : 'changed'}; event-loop delay p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms (with 1 ms of sampling in it).`,
  `${setting()}.`,
  '',
  table(['step', 'resident', 'programs/sessions/values', 'µs a step'], shown),
].join('\n');
console.log(body);
if (steps >= 200_000) writeSection('Soak', body);
if (growth > allowedGrowth || !constant) {
  console.error(
    `soak: expected growth of at most ${allowedGrowth * 100} % and constant native objects; found the above`,
  );
  process.exit(1);
}
