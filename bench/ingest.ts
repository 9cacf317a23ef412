import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatBytes } from '../src/core/format.ts';
import { type Sent, send, Trainer } from './ingest/trainer.ts';
import { setting, table, writeSection } from './measure/results.ts';

// Samples of 2 KB that are sent by HTTP while a pipeline is trained on them: `npm run bench -- ingest [seconds] [minutes]`.
// Trainer and sender are processes of their own. At last minutes of it, for its memory.

const seconds = Number(process.argv[2] ?? 20);
const minutes = Number(process.argv[3] ?? 10);
const [load = 0] = loadavg();
const folder = mkdtempSync(join(tmpdir(), 'trunkline-ingest-'));
const perSecond = (count: number, { durationMs }: Sent): string =>
  Math.round((1000 * count) / durationMs).toLocaleString('en-US');

/** Sends to one trainer, one load after the other. */
class Loaded {
  readonly trainer: Trainer;
  readonly #backlogRows: number;
  #next = 0;

  constructor(backlogRows: number) {
    this.#backlogRows = backlogRows;
    this.trainer = new Trainer(folder, backlogRows);
  }

  async send(samples: number, durationS = seconds): Promise<Sent & { readonly line: readonly string[] }> {
    const { trainer } = this;
    const url = await trainer.urlOf('POST /v1/samples');
    const before = { trained: trainer.trained, steps: trainer.steps };
    const sent = await send(url, samples, durationS, this.#next);
    this.#next = sent.next;
    const line = [
      `${samples}`,
      this.#backlogRows.toLocaleString('en-US'),
      perSecond(sent.accepted, sent),
      `${formatBytes((1000 * sent.sizeBytes) / sent.durationMs)}/s`,
      perSecond(trainer.trained - before.trained, sent),
      perSecond(trainer.steps - before.steps, sent),
      `${sent.refused}`,
      `${sent.p50.toFixed(1)} / ${sent.p99.toFixed(1)}`,
      `${sent.failed}`,
    ];
    console.error(line.join('  '));
    return { ...sent, line };
  }
}

const wide = new Loaded(100_000);
const lines = [(await wide.send(100)).line, (await wide.send(1)).line];
await wide.trainer.stop();

// More is sent than can be trained on; then less.
const tight = new Loaded(300);
lines.push((await tight.send(100)).line);
const recovered = await tight.send(1, Math.min(seconds, 10));
lines.push(recovered.line);
await tight.trainer.stop();

const long = new Loaded(100_000);
await long.trainer.urlOf('POST /v1/samples');
const { trainer } = long;
const timer = setInterval(() => trainer.note(), 30_000);
const sent = await long.send(100, 60 * minutes);
clearInterval(timer);
trainer.note();
lines.push(sent.line);
await trainer.stop();
rmSync(folder, { recursive: true });

/** Growth in bytes a minute, by least squares: after a fifth of the time, in which caches and pools fill. */
function trend(readings: typeof trainer.memory): number {
  const settled = readings.slice(Math.floor(readings.length / 5));
  const mean = (of: (reading: (typeof settled)[number]) => number): number =>
    settled.reduce((sum, reading) => sum + of(reading), 0) / settled.length;
  const [atMs, sizeBytes] = [mean((one) => one.atMs), mean((one) => one.sizeBytes)];
  const along = settled.reduce((sum, one) => sum + (one.atMs - atMs) * (one.sizeBytes - sizeBytes), 0);
  const across = settled.reduce((sum, one) => sum + (one.atMs - atMs) ** 2, 0);
  return (60_000 * along) / across;
}

const growth = trend(trainer.memory) / 2 ** 20;
const inMiB = (of: (reading: (typeof trainer.memory)[number]) => number): string =>
  trainer.memory.map((reading) => Math.round(of(reading) / 2 ** 20)).join(', ');
const header = [
  'samples a request',
  'backlog bound',
  'accepted/s',
  'bytes',
  'trained/s meanwhile',
  'steps/s',
  'refused (429)',
  'answer ms, p50 / p99',
  'failed',
];
const body = [
  'Samples of 2 KB (an id, 200 numbers, labels of two heads) sent on 8 connections by a process of its own while a model',
  `of 52,000 parameters is trained on them, for ${seconds} s each: judged, kept with their ids and flushed before they are`,
  'answered. In the third line the backlog is bounded tightly, so that training is what decides; in the fourth the same',
  `trainer is sent little again. The last line is ${minutes} minutes long.\n`,
  table(header, lines),
  `\nMemory of the trainer's own each 30 s of those minutes, in MiB: ${inMiB(({ sizeBytes }) => sizeBytes)}; after the first`,
  `fifth it grows by ${growth.toFixed(2)} MiB a minute. Of its store, which remembers the ids, there is mapped besides:`,
  `${inMiB(({ mappedBytes }) => mappedBytes)}. The system takes that back when it needs it.`,
  `\n${setting()}; load average ${load.toFixed(1)} at the beginning.`,
].join('\n');
console.log(body);
writeSection('Samples sent by HTTP', body);
