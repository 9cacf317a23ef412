import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { systemClock } from '../src/core/clock.ts';
import type { TrunklineEvent } from '../src/core/event.ts';
import { formatBytes } from '../src/core/format.ts';
import { trunklineBackend } from '../src/engine/backend.ts';
import { pipelineOf } from '../src/pipeline/load.ts';
import { train } from '../src/pipeline/run/train.ts';
import type { TrainingRun } from '../src/train/run/run.ts';
import { setting, table, writeSection } from './measure/results.ts';
import { quantile } from './measure/timing.ts';

// How long steps wait for a checkpoint of 100 MB: `npm run bench -- checkpoint [turns]`. Turns of steps without and with
// checkpoints, which are asked for one after the other, in one run.

const turns = Number(process.argv[2] ?? 20);
const [turnSteps, warmSteps] = [40, 40];
const [load = 0] = loadavg();
const folder = mkdtempSync(join(tmpdir(), 'trunkline-checkpoint-'));
trunklineBackend();

/** 8.5 million parameters with two slots each. */
const pipeline = pipelineOf({
  name: 'checkpoint',
  sources: {
    train: {
      type: 'generator',
      rows: 20_000,
      size: 64,
      heads: 4,
      missing: 0.5,
      noise: 0.05,
      seed: 7,
      features: { x: { tensor: [64] } },
      labels: { columns: 'head*' },
    },
  },
  stream: { from: 'train', shuffle: 8192, batch: 16, epochs: 'endless', steps: warmSteps + 2 * turns * turnSteps },
  model: {
    trunk: [{ dense: { units: 2048, activation: 'relu' } }, { dense: { units: 4096, activation: 'relu' } }],
    heads: [{ columns: 'head*', from: 'trunk', layers: [{ dense: { units: 1 } }], loss: 'binaryCrossentropy' }],
  },
  optimizer: { type: 'adam', learningRate: 1e-4 },
  engine: { type: 'onnx-cpu', threads: 1 },
  checkpoint: { directory: join(folder, 'run'), everySteps: 1_000_000, keep: 2 },
});

const gaps = { without: [] as number[], with: [] as number[] };
/** How late the event loop was at most, in each turn. */
const late = { without: [] as number[], with: [] as number[] };
const delay = monitorEventLoopDelay({ resolution: 1 });
const written: Extract<TrunklineEvent, { type: 'checkpointWritten' }>[] = [];
let run: TrainingRun | undefined;
let [lastMs, turn, isWriting] = [0, -1, false];

const kindOf = (step: number): 'with' | 'without' | undefined => {
  if (step < warmSteps) return undefined;
  return Math.floor((step - warmSteps) / turnSteps) % 2 === 1 ? 'with' : 'without';
};

async function keepWriting(): Promise<void> {
  if (isWriting) return;
  isWriting = true;
  await run?.checkpoint();
  isWriting = false;
}

const events = (event: TrunklineEvent): void => {
  if (event.type === 'checkpointWritten' && run) written.push(event);
  if (event.type === 'checkpointFailed') throw new Error(event.message);
  if (event.type !== 'stepTaken') return;
  const nowMs = performance.now();
  const kind = kindOf(event.step);
  const now = Math.floor((event.step - warmSteps) / turnSteps);
  // What one turn leaves to be done is in the first gaps of the next: they are left out.
  if (kind && now === turn && !(kind === 'without' && isWriting)) gaps[kind].push(nowMs - lastMs);
  if (now !== turn) {
    const ended = kindOf(event.step - turnSteps);
    if (ended) late[ended].push(delay.max / 1e6);
    turn = now;
    delay.reset();
  }
  lastMs = nowMs;
  if (kind === 'with') void keepWriting();
};

delay.enable();
await train(pipeline, {
  mode: 'overwrite',
  events,
  clock: systemClock,
  onRun: (begun) => {
    run = begun;
  },
});
rmSync(folder, { recursive: true, force: true });

const ms = (value: number): string => value.toFixed(1);
const row = (kind: 'with' | 'without'): string[] => [
  kind === 'with' ? 'with checkpoints' : 'without',
  `${gaps[kind].length}`,
  ms(quantile(gaps[kind], 0.5)),
  ms(quantile(gaps[kind], 0.99)),
  ms(Math.max(...gaps[kind])),
  ms(quantile(late[kind], 0.5)),
  ms(Math.max(...late[kind])),
];
const spread = (values: readonly number[]): string[] => [
  ms(quantile(values, 0.5)),
  ms(quantile(values, 0.9)),
  ms(Math.max(...values)),
];
const body = [
  `Milliseconds between two steps of a model of 8.5 million parameters under Adam, without checkpoints and while ${written.length} of`,
  `${formatBytes(written[0]?.sizeBytes ?? 0)} are written one after the other, in turns of ${turnSteps} steps of one run; and how late the event loop is.`,
  '',
  table(
    ['', 'gaps', 'median', 'p99', 'longest', 'loop late, median turn', 'worst turn'],
    [row('without'), row('with')],
  ),
  '',
  table(
    ['of one checkpoint', 'median, ms', 'p90', 'longest'],
    [
      ['its state is copied, no step is taken', ...spread(written.map(({ copyMs }) => copyMs))],
      ['until it is there', ...spread(written.map(({ durationMs }) => durationMs))],
    ],
  ),
  '',
  `${setting()}; load average ${load.toFixed(1)} at the beginning.`,
].join('\n');
console.log(body);
writeSection('Checkpoints beside training', body);
process.exit(0);
