import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join as pathOf } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Chunk } from '../src/core/chunk.ts';
import { systemClock } from '../src/core/clock.ts';
import type { TrunklineEvent } from '../src/core/event.ts';
import { formatBytes } from '../src/core/format.ts';
import { trunklineBackend } from '../src/engine/backend.ts';
import { pipelineOf } from '../src/pipeline/load.ts';
import { train } from '../src/pipeline/run/train.ts';
import type { Reading, ReadOptions, Source } from '../src/source/source.ts';
import type { Flow } from '../src/stream/flow.ts';
import { fromSource } from '../src/stream/from-source.ts';
import type { StreamChunk } from '../src/stream/item.ts';
import { join } from '../src/stream/join.ts';
import { placesOf } from '../src/train/run/covered.ts';
import { setting, table, writeSection } from './measure/results.ts';
import { quantile } from './measure/timing.ts';

// Samples and labels that come apart, joined on the disk: `npm run bench -- join [most waiting] [pairs]`. Pairs a second and
// single labels while so many samples wait; then what a join costs beside training.

const most = Number(process.argv[2] ?? 1_000_000);
const pairs = Number(process.argv[3] ?? 50_000);
const [load = 0] = loadavg();
const folder = mkdtempSync(pathOf(tmpdir(), 'trunkline-join-'));
const [size, chunkRows, singles, trainedRows, rounds] = [200, 256, 2_000, 40_000, 3];
/** Between two single labels, so that no two are neighbours and none comes twice: a prime. */
const stride = 7919;
/** Between two checkpoints. */
const checkpointMs = 1000;
trunklineBackend();

/** A source of what is put into it. */
class Fed implements Source {
  readonly replayable = true;
  readonly isEndless = true;
  readonly heads = ['one'];
  readonly name: string;
  readonly inputs: Source['inputs'];
  readonly #chunks: Chunk[] = [];
  #wake = (): void => {};

  constructor(name: string, inputs: Source['inputs']) {
    this.name = name;
    this.inputs = inputs;
  }

  put(chunk: Chunk): void {
    this.#chunks.push(chunk);
    this.#wake();
  }

  async *read({ signal }: ReadOptions): AsyncGenerator<Reading> {
    signal.addEventListener('abort', () => this.#wake());
    for (let position = 0; !signal.aborted; position++) {
      while (this.#chunks.length === 0 && !signal.aborted)
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      const chunk = this.#chunks.shift();
      if (chunk) yield { chunk, rejected: [], position };
    }
  }
}

const numbers = Float32Array.from({ length: chunkRows * size }, (_, at) => Math.sin(at));

function samplesOf(ids: readonly string[]): Chunk {
  const values = numbers.subarray(0, ids.length * size);
  return { rows: ids.length, inputs: { x: { kind: 'dense', size, values } }, labels: {}, keys: keysOf(ids), ids };
}

function labelsOf(ids: readonly string[]): Chunk {
  const one = { values: new Float32Array(ids.length).fill(1), present: new Uint8Array(ids.length).fill(1) };
  return { rows: ids.length, inputs: {}, labels: { one }, keys: keysOf(ids), ids };
}

const keysOf = (ids: readonly string[]): Int32Array => Int32Array.from(ids, (_, at) => at);
const idsFrom = (prefix: string, first: number, end: number): readonly string[] =>
  Array.from({ length: Math.min(chunkRows, end - first) }, (_, at) => `${prefix}-${first + at}`);

/** A join, and what comes out of it. */
class Joined {
  readonly #samples = new Fed('samples', { x: { shape: [size], dtype: 'float32' } });
  readonly #labels = new Fed('labels', {});
  readonly #directory: string;
  readonly #covered: ReturnType<typeof placesOf>[] = [];
  #flow: Flow | undefined;
  #came = 0;
  #wanted: { readonly rows: number; resolve(): void } | undefined;
  #coveredMs = performance.now();

  constructor(directory: string) {
    this.#directory = directory;
    const rows = { rows: 4 * chunkRows };
    join(fromSource(this.#samples, rows), fromSource(this.#labels, rows), {
      directory,
      ttlMs: 1e12,
      maxItems: 2 * most + pairs + singles,
      time: 'processing',
    }).subscribe((item) => this.#take(item));
  }

  #take({ flow, rows }: StreamChunk): void {
    this.#flow = flow;
    if (rows > 0) flow.finish('trained', rows);
    this.#came += rows;
    if (this.#wanted && this.#came >= this.#wanted.rows) this.#wanted.resolve();
  }

  get #waiting(): number {
    return this.#flow?.operators[0]?.counts?.().samplesWaiting ?? 0;
  }

  /** Lets so many samples wait. @returns milliseconds */
  async wait(prefix: string, first: number, end: number): Promise<number> {
    const beginMs = performance.now();
    const before = this.#waiting - first;
    for (let at = first; at < end; at += chunkRows) {
      this.#samples.put(samplesOf(idsFrom(prefix, at, end)));
      while (at + before - this.#waiting > 16 * chunkRows) await this.#turn();
    }
    while (this.#waiting < end + before) await this.#turn();
    return performance.now() - beginMs;
  }

  /** Samples, each chunk of which is followed by its labels. @returns milliseconds */
  async pair(prefix: string, rows: number): Promise<number> {
    const beginMs = performance.now();
    const before = this.#came;
    for (let at = 0; at < rows; at += chunkRows) {
      const ids = idsFrom(prefix, at, rows);
      this.#samples.put(samplesOf(ids));
      this.#labels.put(labelsOf(ids));
      while (at - (this.#came - before) > 8 * chunkRows) await this.#turn();
    }
    while (this.#came - before < rows) await this.#turn();
    return performance.now() - beginMs;
  }

  /** One label. @returns milliseconds until its sample comes out */
  async label(id: string): Promise<number> {
    const beginMs = performance.now();
    const came = new Promise<void>((resolve) => {
      this.#wanted = { rows: this.#came + 1, resolve };
    });
    this.#labels.put(labelsOf([id]));
    await came;
    return performance.now() - beginMs;
  }

  /** Bytes of its files. */
  async sizeBytes(): Promise<number> {
    await this.#flow?.durable();
    const sizes = readdirSync(this.#directory).map((name) => statSync(pathOf(this.#directory, name)).size);
    return sizes.reduce((sum, own) => sum + own, 0);
  }

  /** Others have their turn; now and then there is a checkpoint, as while training. */
  async #turn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (!this.#flow || performance.now() - this.#coveredMs < checkpointMs) return;
    this.#coveredMs = performance.now();
    this.#covered.push(placesOf(this.#flow.state()));
    await this.#flow.durable();
    const oldest = this.#covered.length > 2 ? this.#covered.shift() : undefined;
    if (oldest) await this.#flow.covered(oldest);
  }
}

const perSecond = (rows: number, ms: number): string => Math.round((1000 * rows) / ms).toLocaleString('en-US');
const joined = new Joined(pathOf(folder, 'join'));
const lines: string[][] = [];
await joined.pair('warm', 10 * chunkRows);
let before = 0;
for (const waiting of [0, 10_000, most]) {
  const fillMs = await joined.wait('w', before, waiting);
  const sizeBytes = await joined.sizeBytes();
  const pairMs = await joined.pair(`pair${waiting}`, pairs);
  const times: number[] = [];
  const known = Math.floor(waiting / 16);
  for (let at = 0; at < Math.min(singles, known); at++)
    times.push(await joined.label(`w-${16 * ((at * stride) % known) + lines.length}`));
  lines.push([
    waiting.toLocaleString('en-US'),
    waiting > before ? perSecond(waiting - before, fillMs) : '–',
    perSecond(pairs, pairMs),
    times.length > 0 ? `${quantile(times, 0.5).toFixed(2)} / ${quantile(times, 0.99).toFixed(2)}` : '–',
    waiting > 0 ? formatBytes(sizeBytes / waiting) : '–',
    formatBytes(sizeBytes),
  ]);
  before = waiting;
  console.error(lines.at(-1)?.join('  '));
}

const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
const select = `SELECT 'id-' || i AS id, i::DOUBLE AS time, list_transform(range(${size}), lambda j: hash(i * 1024 + j)::FLOAT / 2^64) AS x,
  (i % 2)::FLOAT AS one FROM range(${trainedRows}) t(i)`;
const file = (name: string): string => pathOf(folder, `${name}.parquet`);
for (const [name, columns] of [
  ['whole', '*'],
  ['samples', 'id, time, x'],
  ['labels', 'id, time + 1000 AS time, one'],
])
  await connection.run(`COPY (SELECT ${columns} FROM (${select})) TO '${file(name as string)}'`);
connection.closeSync();

/** Rows that are trained on in a second, once the program is compiled. */
async function trainingRate(isJoined: boolean): Promise<number> {
  const common = { type: 'parquet', id: 'id', time: 'time' };
  const x = { features: { x: { tensor: [size] } } };
  const loaded = pipelineOf({
    name: 'join',
    sources: isJoined
      ? {
          train: { ...common, ...x, path: file('samples') },
          later: { ...common, path: file('labels'), labels: { one: {} } },
        }
      : { train: { ...common, ...x, path: file('whole'), labels: { one: {} } } },
    stream: {
      from: 'train',
      batch: 256,
      epochs: 1,
      ...(isJoined ? { join: { labels: 'later', ttl: '365d' } } : {}),
    },
    model: {
      trunk: [{ dense: { units: 256, activation: 'relu' } }],
      heads: [{ columns: 'one', from: 'trunk', layers: [{ dense: { units: 1 } }], loss: 'binaryCrossentropy' }],
    },
    engine: { type: 'onnx-cpu', threads: 1 },
    checkpoint: { directory: pathOf(folder, 'run'), everySteps: 100 },
  });
  let [beginMs, endMs, rows] = [0, 0, 0];
  const events = (event: TrunklineEvent): void => {
    if (event.type !== 'stepTaken') return;
    endMs = performance.now();
    if (event.step === 20) beginMs = endMs;
    else if (event.step > 20) rows += event.rows;
  };
  await train(loaded, { mode: 'overwrite', events, clock: systemClock });
  return (1000 * rows) / (endMs - beginMs);
}

const rates = { apart: [] as number[], together: [] as number[] };
for (let round = 0; round < rounds; round++) {
  rates.together.push(await trainingRate(false));
  rates.apart.push(await trainingRate(true));
}
rmSync(folder, { recursive: true, force: true });
const rate = (values: readonly number[]): string => Math.round(quantile(values, 0.5)).toLocaleString('en-US');
const body = [
  `Samples of ${size} numbers and their labels that come apart, joined by id in an LMDB store on the disk, with a checkpoint each second:`,
  `samples a second that begin to wait, ${pairs.toLocaleString('en-US')} pairs (a sample and then its label) a second beside them, milliseconds from a`,
  'single label of a sample that has waited until that comes out, and bytes on the disk.',
  '',
  table(['waiting', 'samples/s', 'pairs/s', 'one label, ms, p50 / p99', 'disk, for each', 'disk'], lines),
  '',
  `Rows trained on in a second (one hidden layer of 256, batches of 256, one thread, checkpoints each 100 steps): labels in the rows`,
  `${rate(rates.together)}, labels that come 1,000 rows later ${rate(rates.apart)}: medians of ${rounds} turns.`,
  '',
  `${setting()}; load average ${load.toFixed(1)} at the beginning.`,
].join('\n');
console.log(body);
writeSection('Labels that come later', body);
process.exit(0);
