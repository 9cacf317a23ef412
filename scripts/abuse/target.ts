import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import type { TrunklineEvent } from '../../src/core/event.ts';
import { trunklineBackend } from '../../src/engine/backend.ts';
import { pipelineOf } from '../../src/pipeline/load.ts';
import { train } from '../../src/pipeline/run/train.ts';
import { watch } from '../../src/pipeline/run/watch.ts';
import type { TrainingRun } from '../../src/train/run/run.ts';

export const token = 'a-token-that-nobody-may-see';

/** A pipeline that is trained on what it is sent, with both of its servers. */
export interface Target {
  /** Of what is steered and sent to, and of what only looks. */
  readonly ports: { readonly http: number; readonly metrics: number };
  /** What none of its answers may have. */
  readonly secrets: readonly string[];
  /** What of it nobody may change without the token. */
  state(): string;
  /** Requests that failed by its own fault, since the last call. */
  failures(): readonly string[];
  close(): Promise<void>;
}

/** Opens one in this process. */
export async function openTarget(): Promise<Target> {
  trunklineBackend();
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-a-folder-that-nobody-may-see-'));
  const loaded = pipelineOf({
    name: 'abused',
    sources: {
      live: {
        type: 'http',
        columns: { id: 'text', x: 'numbers', word: 'text', toxic: 'number' },
        id: 'id',
        features: { x: { tensor: [2] }, word: { oneHot: { categories: ['a', 'b'] } } },
        labels: { toxic: {} },
        limits: { bodyBytes: 10_000, records: 20, backlogRows: 100 },
      },
    },
    stream: { from: 'live', batch: 4 },
    model: {
      merges: { both: { from: ['x', 'word'] } },
      trunk: { from: 'both', layers: [{ dense: { units: 2 } }] },
      heads: [{ name: 'toxic', from: 'trunk', layers: [{ dense: { units: 1 } }], loss: 'binaryCrossentropy' }],
    },
    engine: { type: 'onnx-cpu', threads: 1 },
    checkpoint: { directory: folder, everySteps: 50 },
    guard: { notFinite: 0 },
    http: { port: 0, token, predict: { records: 10, bodyBytes: 10_000 } },
    metrics: { port: 0 },
  });
  const [addresses, failures] = [new Map<string, number>(), [] as string[]];
  let accepted = 0;
  const listen = (event: TrunklineEvent): void => {
    if (event.type === 'serverStarted')
      addresses.set(event.routes.includes('GET /metrics') ? 'metrics' : 'http', Number(new URL(event.url).port));
    if (event.type === 'requestFailed') failures.push(`${event.route}: ${event.message}`);
    if (event.type === 'recordsReceived') accepted += event.accepted;
  };
  const watched = await watch(loaded, { clock: systemClock, events: listen });
  const stop = new AbortController();
  let run: TrainingRun | undefined;
  let ended: Promise<unknown> = Promise.resolve();
  await new Promise<void>((begun, failed) => {
    ended = train(loaded, {
      mode: 'overwrite',
      clock: systemClock,
      stop: stop.signal,
      reload: async () => ({ result: 'applied', changes: [`checkpoint.directory: '${folder}' → '${folder}2'`] }),
      onRun: (own) => {
        run = own;
        watched.begin(own, loaded);
      },
      events: (event) => {
        watched.events(event);
        if (event.type === 'runStarted') begun();
      },
    });
    ended.catch(failed);
  });
  return {
    ports: { http: addresses.get('http') as number, metrics: addresses.get('metrics') as number },
    secrets: [token, folder, '/src/', '/node_modules/', '.ts:'],
    state: () => JSON.stringify({ accepted, isPaused: run?.isPaused, settings: run?.settings() }),
    failures: () => failures.splice(0),
    close: async () => {
      stop.abort();
      await ended;
      await watched.close();
      rmSync(folder, { recursive: true });
    },
  };
}
