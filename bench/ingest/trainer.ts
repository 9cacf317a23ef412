import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { TrunklineEvent } from '../../src/core/event.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const loader = ['--import', './scripts/typescript.js'];

/** Where a profile of its processor time is put: `CPU_PROFILE=folder npm run bench -- probes`. */
const { CPU_PROFILE: profile } = process.env;
const profiled = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
const pageBytes = 4096;

/** What a sender was answered. */
export interface Sent {
  readonly accepted: number;
  readonly refused: number;
  readonly failed: number;
  readonly sizeBytes: number;
  readonly durationMs: number;
  readonly p50: number;
  readonly p99: number;
  /** The first id that was not sent. */
  readonly next: number;
}

/** Sends samples of 2 KB on 8 connections, from a process of its own. */
export async function send(url: string, samples: number, seconds: number, first: number): Promise<Sent> {
  const args = [url, '8', String(samples), String(seconds), String(first)];
  const child = spawn(process.execPath, [...loader, 'bench/ingest/client.ts', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (data: Buffer) => {
    text += data.toString();
  });
  await once(child, 'close');
  return JSON.parse(text) as Sent;
}

/** A process that trains on the samples which it is sent. */
export class Trainer {
  readonly #child: ChildProcess;
  readonly #served: Promise<ReadonlyMap<string, string>>;
  trained = 0;
  steps = 0;
  /**
   * Each time that was asked for: milliseconds since it began, bytes of memory that are resident and nobody else's, and
   * bytes of files that are mapped, as stores are, which the system takes back when it has no other.
   */
  readonly memory: { readonly atMs: number; readonly sizeBytes: number; readonly mappedBytes: number }[] = [];
  readonly #begunMs = performance.now();

  /** @param folder where its file and its run are written */
  constructor(folder: string, backlogRows: number) {
    const file = join(folder, 'ingest.yaml');
    writeFileSync(file, pipeline(folder, backlogRows));
    const child = spawn(
      process.execPath,
      [...profiled, ...loader, 'src/main.ts', 'train', file, '--json', '--overwrite'],
      {
        cwd: root,
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    this.#child = child;
    this.#served = new Promise((resolve) => {
      const urls = new Map<string, string>();
      createInterface({ input: child.stdout }).on('line', (line) => {
        const event = JSON.parse(line) as TrunklineEvent;
        if (event.type === 'stepTaken') {
          this.trained += event.rows;
          this.steps++;
        }
        if (event.type !== 'serverStarted') return;
        for (const route of event.routes) urls.set(route, `${event.url}${route.slice(route.indexOf(' ') + 1)}`);
        if (urls.has('POST /v1/samples') && urls.has('GET /readyz')) resolve(urls);
      });
    });
  }

  /** Where it serves a route, such as `POST /v1/samples`. */
  async urlOf(route: string): Promise<string> {
    const url = (await this.#served).get(route);
    if (url === undefined) throw new Error(`the trainer does not serve ${route}`);
    return url;
  }

  /** Notes how much memory is resident; Linux alone says so of another process. */
  note(): void {
    const [, resident = 0, mapped = 0] = readFileSync(`/proc/${this.#child.pid}/statm`, 'utf8').split(' ').map(Number);
    const [sizeBytes, mappedBytes] = [(resident - mapped) * pageBytes, mapped * pageBytes];
    this.memory.push({ atMs: performance.now() - this.#begunMs, sizeBytes, mappedBytes });
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGINT');
    await once(this.#child, 'exit');
  }
}

const pipeline = (folder: string, backlogRows: number): string => `
name: ingest
sources:
  live:
    type: http
    columns: { id: text, x: numbers, one: number, two: number }
    id: id
    features: { x: { type: tensor, shape: [200] } }
    labels: { one: {}, two: {} }
    limits: { records: 100, backlogRows: ${backlogRows} }
stream: { from: live, shuffle: 4096, batch: 256 }
model:
  trunk: [{ dense: { units: 256, activation: relu } }]
  heads:
    - { columns: one, from: trunk, layers: [{ dense: { units: 1 } }], loss: binaryCrossentropy }
    - { columns: two, from: trunk, layers: [{ dense: { units: 1 } }], loss: meanSquaredError }
engine: { type: onnx-cpu, threads: 1 }
checkpoint: { directory: ${join(folder, 'run')}, everySteps: 100, keep: 2 }
http: { port: 0 }
metrics: { port: 0 }
`;
