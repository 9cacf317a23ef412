import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/core/clock.ts';
import { ignoreEvents, type TrunklineEvent } from '../src/core/event.ts';
import type { HeadStep, StepTaken } from '../src/core/train-event.ts';
import { trunklineBackend } from '../src/engine/backend.ts';
import { pipelineOf } from '../src/pipeline/load.ts';
import { train } from '../src/pipeline/run/train.ts';
import { watch } from '../src/pipeline/run/watch.ts';
import { Prometheus } from '../src/report/prometheus.ts';
import { Telemetry } from '../src/report/telemetry/telemetry.ts';
import { mix } from '../src/trace/hash.ts';
import { setting, table, writeSection } from './measure/results.ts';
import { quantile } from './measure/timing.ts';

// What being seen costs: `npm run bench -- telemetry`. A scrape of 1,000 heads, an event of a step, and whole steps with all
// that listens against nothing that does, taking turns within one run.

const [load = 0] = loadavg();
const folder = mkdtempSync(join(tmpdir(), 'trunkline-telemetry-'));
const versions = { version: '0', node: process.versions.node };

/** A step in which every head has labels. */
function stepOf(heads: number): StepTaken {
  const each = <T>(value: (at: number) => T): Record<string, T> =>
    Object.fromEntries(Array.from({ length: heads }, (_, at) => [`head${at}`, value(at)]));
  return {
    type: 'stepTaken',
    step: 1,
    epoch: 0,
    rows: 64,
    loss: 1,
    rejected: {},
    heads: each((at): HeadStep => ({ loss: 1 / (at + 1), labels: 32, weight: 1, denominator: 32 })),
    gradientNorms: each((at) => 1 / (at + 1)),
    learningRates: each(() => 1e-3),
    waitMs: 0.1,
    assembleMs: 0.1,
    computeMs: 1,
    mergeMs: 0,
    updateMs: 0.5,
  };
}

/** Milliseconds of the processor that this process has had, all threads together: other work on the machine is not in it. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Milliseconds of the processor of each call: medians over rounds of so many calls. */
async function cpuOf(calls: number, rounds: number, call: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const begin = cpuMs();
    for (let at = 0; at < calls; at++) await call();
    // The first round compiles.
    if (round > 0) times.push((cpuMs() - begin) / calls);
  }
  return quantile(times, 0.5);
}

interface Listening {
  readonly heads: number;
  readonly series: number;
  readonly renderMs: number;
  readonly eventMs: number;
}

async function listening(heads: number, mostHeads: number): Promise<Listening> {
  const telemetry = new Telemetry({ clock: systemClock, versions, mostHeads });
  const prometheus = new Prometheus(telemetry, 'bench');
  const event = (one: TrunklineEvent): void => {
    telemetry.event(one);
    prometheus.event(one);
  };
  const taken = stepOf(heads);
  const names = Object.keys(taken.heads);
  event({ type: 'runStarted', name: 'bench', directory: '', step: 0, epoch: 0, heads: names });
  const metrics = { rocAuc: 0.5, mcc: 0 };
  const scored = Object.fromEntries(names.map((name) => [name, { labels: 9, loss: 1, metrics }]));
  event({ type: 'headsEvaluated', source: 'test', step: 1, epoch: 0, rows: 9, heads: scored, durationMs: 1 });
  event({ type: 'headsScored', step: 1, epoch: 0, heads: scored });
  const eventMs = await cpuOf(200, 20, () => event(taken));
  telemetry.heads.endInterval();
  const renderMs = await cpuOf(20, 20, () => prometheus.text());
  const text = await prometheus.text();
  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
  return { heads, series, renderMs, eventMs };
}

/** Steps between two turns, turns, and steps before the first one. */
const [blockSteps, blocks, warmSteps] = [25, 140, 300];

const pipeline = (columns: string, size: number, heads: number, batch: number) => ({
  name: 'telemetry',
  sources: {
    train: {
      type: 'generator',
      rows: 20_000,
      size,
      heads,
      missing: 0.7,
      noise: 0.05,
      seed: 7,
      features: { x: { tensor: [size] } },
      labels: { columns },
    },
  },
  stream: { from: 'train', shuffle: 8192, batch, epochs: 'endless', steps: warmSteps + blockSteps * blocks },
  model: {
    trunk: [{ dense: { units: 256, activation: 'relu' } }, { dropout: { rate: 0.2 } }, { dense: { units: 128 } }],
    heads: [{ columns, from: 'trunk', layers: [{ dense: { units: 1 } }], loss: 'binaryCrossentropy' }],
  },
  checkpoint: { directory: join(folder, 'run'), everySteps: 1_000_000, keep: 2 },
  metrics: { port: 0 },
});

interface Trained {
  /** Milliseconds of the processor of each block of steps: with nobody who listens, and with all. */
  readonly off: readonly number[];
  readonly on: readonly number[];
  /** Milliseconds that the listeners of a step took, in their place. */
  readonly listenersMs: readonly number[];
  /** Milliseconds between two steps that nobody listened to. */
  readonly stepMs: readonly number[];
}

async function trainedSteps(heads: number): Promise<Trained> {
  const loaded = pipelineOf(pipeline('head*', 64, heads, 128));
  const watched = await watch(loaded, { clock: systemClock, events: ignoreEvents });
  const blocksOf = { off: [] as number[], on: [] as number[] };
  const [listenersMs, stepMs]: [number[], number[]] = [[], []];
  let [begin, lastMs, isOn] = [0, 0, false];
  const events = (event: TrunklineEvent): void => {
    if (event.type !== 'stepTaken') {
      watched.events(event);
      return;
    }
    const beginMs = performance.now();
    if (isOn) watched.events(event);
    const endMs = performance.now();
    if (isOn) listenersMs.push(endMs - beginMs);
    else if (lastMs > 0) stepMs.push(beginMs - lastMs);
    lastMs = endMs;
    const counted = event.step - warmSteps;
    if (counted < 0 || counted % blockSteps !== 0) return;
    const now = cpuMs();
    if (counted > 0) blocksOf[isOn ? 'on' : 'off'].push(now - begin);
    // By chance: what reading does comes in a rhythm of its own.
    [begin, isOn] = [now, mix(event.step) % 2 === 0];
  };
  await train(loaded, { mode: 'overwrite', events, clock: systemClock, onRun: (run) => watched.begin(run, loaded) });
  await watched.close();
  return { ...blocksOf, listenersMs, stepMs };
}

/** Mean, and its standard error. */
function meanOf(values: readonly number[]): readonly [mean: number, error: number] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return [mean, Math.sqrt(variance / values.length)];
}

const listened = [await listening(24, 200), await listening(200, 200), await listening(1000, 200)];
trunklineBackend();
const trained: string[][] = [];
for (const { heads, renderMs } of listened) {
  // A program of a thousand layers takes long to compile, and its steps are long.
  if (heads > 200) continue;
  const { off, on, listenersMs, stepMs } = await trainedSteps(heads);
  const [[without, withoutError], [with_, withError]] = [meanOf(off), meanOf(on)];
  const percent = (share: number): string => (100 * share).toFixed(1);
  trained.push([
    heads.toLocaleString('en-US'),
    (without / blockSteps).toFixed(2),
    `${percent(with_ / without - 1)} ± ${percent(Math.hypot(withError / with_, withoutError / without))} %`,
    quantile(stepMs, 0.1).toFixed(2),
    `${quantile(listenersMs, 0.1).toFixed(3)} (${percent(quantile(listenersMs, 0.1) / quantile(stepMs, 0.1))} %)`,
    `${percent(renderMs / 15_000)} %`,
  ]);
}
const body = [
  'Milliseconds of the processor, all threads together, so that other work on the machine is not in them. A scrape, and what',
  'listens to a step in which every head has labels, gradients and scores; 200 heads have series of their own.',
  '',
  table(
    ['heads', 'series', 'a scrape, ms', 'an event of a step, ms'],
    listened.map(({ heads, series, renderMs, eventMs }) => [
      heads.toLocaleString('en-US'),
      series.toLocaleString('en-US'),
      renderMs.toFixed(1),
      eventMs.toFixed(3),
    ]),
  ),
  '',
  `Whole steps (a trunk of 256 and 128 units, 30 % of the labels, batches of 128, the daemon's telemetry) against steps that`,
  `nobody listens to: ${blocks} blocks of ${blockSteps} steps, on or off by chance within one run, means and the standard error of`,
  'what they differ by: where that is larger than the difference, the machine was too busy to tell. Beside it the fastest',
  'tenth of the steps, that of the listeners in their place and its share of it, and a scrape as a share of the 15 s between two.',
  '',
  table(['heads', 'off, ms a step', 'on: more by', 'fastest tenth, ms', 'listeners, ms', 'scrapes'], trained),
  '',
  `${setting()}; load average ${load.toFixed(1)} at the beginning.`,
].join('\n');
console.log(body);
writeSection('Being seen', body);
rmSync(folder, { recursive: true, force: true });
process.exit(0);
