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
import { processorMs, quantile } from './measure/timing.ts';

// What being seen costs: `npm run bench -- telemetry [pairs of blocks]`. A scrape of 1,000 heads, an event of a step, and whole steps with all
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

/** Milliseconds of the processor of each call: medians over rounds of so many calls. */
async function cpuOf(calls: number, rounds: number, call: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const begin = processorMs();
    for (let at = 0; at < calls; at++) await call();
    // The first round compiles.
    if (round > 0) times.push((processorMs() - begin) / calls);
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

/** Steps of a block, pairs of blocks (one that nobody listens to, one that all do), and steps before the first. */
const blockSteps = 10;
const pairs = Number(process.argv[2] ?? 400);
const warmSteps = 300;

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
  stream: { from: 'train', shuffle: 8192, batch, epochs: 'endless', steps: warmSteps + 2 * blockSteps * pairs },
  model: {
    trunk: [{ dense: { units: 256, activation: 'relu' } }, { dropout: { rate: 0.2 } }, { dense: { units: 128 } }],
    heads: [{ columns, from: 'trunk', layers: [{ dense: { units: 1 } }], loss: 'binaryCrossentropy' }],
  },
  checkpoint: { directory: join(folder, 'run'), everySteps: 1_000_000, keep: 2 },
  metrics: { port: 0 },
});

interface Trained {
  /** Milliseconds of the processor of both blocks of a pair: the one that nobody listens to, and the one that all do. */
  readonly pairs: readonly { readonly off: number; readonly on: number }[];
  /** Milliseconds that the listeners of a step took, in their place. */
  readonly listenersMs: readonly number[];
  /** Milliseconds between two steps that nobody listened to. */
  readonly stepMs: readonly number[];
}

async function trainedSteps(heads: number): Promise<Trained> {
  const loaded = pipelineOf(pipeline('head*', 64, heads, 128));
  const watched = await watch(loaded, { clock: systemClock, events: ignoreEvents });
  const blocks = { off: [] as number[], on: [] as number[] };
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
    const now = processorMs();
    if (counted > 0) blocks[isOn ? 'on' : 'off'].push(now - begin);
    // Which block of a pair is first is by chance: what reading does comes in a rhythm of its own.
    const block = counted / blockSteps;
    const isFirst = mix(Math.floor(block / 2)) % 2 === 0;
    [begin, isOn] = [now, isFirst === (block % 2 === 0)];
  };
  await train(loaded, { mode: 'overwrite', events, clock: systemClock, onRun: (run) => watched.begin(run, loaded) });
  await watched.close();
  return { pairs: blocks.off.map((off, at) => ({ off, on: blocks.on[at] as number })), listenersMs, stepMs };
}

/** The median, and where it lies in 95 of 100 runs: between two of the values, whatever they are spread like. */
function medianOf(values: readonly number[]): readonly [median: number, from: number, to: number] {
  const half = (1.96 * Math.sqrt(values.length)) / 2 / values.length;
  return [quantile(values, 0.5), quantile(values, Math.max(0, 0.5 - half)), quantile(values, Math.min(1, 0.5 + half))];
}

const listened = [await listening(24, 200), await listening(200, 200), await listening(1000, 200)];
trunklineBackend();
const trained: string[][] = [];
for (const { heads, renderMs } of listened) {
  // A program of a thousand layers takes long to compile, and its steps are long.
  if (heads > 200) continue;
  const { pairs: both, listenersMs, stepMs } = await trainedSteps(heads);
  const [more, from, to] = medianOf(both.map(({ off, on }) => on / off - 1));
  const percent = (share: number): string => (100 * share).toFixed(1);
  trained.push([
    heads.toLocaleString('en-US'),
    (
      quantile(
        both.map(({ off }) => off),
        0.5,
      ) / blockSteps
    ).toFixed(2),
    `${percent(more)} % (${percent(from)} to ${percent(to)})`,
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
  `nobody listens to: ${pairs} pairs of neighbouring blocks of ${blockSteps} steps within one run, the first of a pair on or off by chance;`,
  'the median of what the two differ by, and in brackets where it is to be found in 95 of 100 runs. Beside it the fastest',
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
