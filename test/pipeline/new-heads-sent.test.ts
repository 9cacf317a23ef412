import { join } from 'node:path';
import { expect, test } from 'vitest';
import { linesOf, trainedIn } from '../../scripts/chaos/journal.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { TrunklineEvent } from '../../src/core/event.ts';
import { trunklineBackend } from '../../src/engine/backend.ts';
import { pipelineOf } from '../../src/pipeline/load.ts';
import { train } from '../../src/pipeline/run/train.ts';
import type { TrainingRun } from '../../src/train/run/run.ts';
import { folderOf } from './own.ts';

trunklineBackend();

const pipelineIn = (folder: string) =>
  pipelineOf({
    name: 'sent',
    sources: {
      samples: { type: 'http', columns: { id: 'text', x: 'numbers' }, id: 'id', features: { x: { tensor: [2] } } },
      labels: {
        type: 'http',
        records: 'labels',
        columns: { id: 'text', labels: 'mixed' },
        id: 'id',
        labels: { map: 'labels' },
      },
    },
    stream: {
      from: 'samples',
      join: { labels: 'labels', ttl: '1h', time: 'processing' },
      batch: { rows: 4, timeLimitMs: 1 },
    },
    model: { trunk: [{ dense: 3 }], heads: { auto: { layers: [{ dense: 1 }], loss: 'meanSquaredError' }, max: 2 } },
    engine: { type: 'onnx-cpu', threads: 1, worker: false },
    checkpoint: { directory: join(folder, 'run'), everySteps: 1000 },
    journal: join(folder, 'journal.ndjson'),
    http: { port: 0 },
  });

test('a run that is stopped before it begins ends, though nothing comes', async () => {
  const ended = await train(pipelineIn(folderOf({})), {
    mode: 'new',
    clock: systemClock,
    stop: AbortSignal.abort(),
    events: () => {},
  });
  expect(ended).toMatchObject({ outcome: 'stopped', step: 0 });
});

test('what is sent makes heads: samples wait for labels of any, each label trains once, and no request is lost', async () => {
  const folder = folderOf({});
  const stop = new AbortController();
  const waiting = new Set<() => void>();
  const events: TrunklineEvent[] = [];
  let run: TrainingRun | undefined;
  const trained = train(pipelineIn(folder), {
    mode: 'new',
    clock: systemClock,
    stop: stop.signal,
    onRun: (begun) => {
      run = begun;
    },
    events: (event) => {
      events.push(event);
      for (const look of waiting) look();
    },
  });
  const until = (isSo: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!isSo()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  const told = <Type extends TrunklineEvent['type']>(type: Type) =>
    events.filter((event) => event.type === type) as Extract<TrunklineEvent, { readonly type: Type }>[];
  const send = async (path: string, records: readonly object[]): Promise<unknown> => {
    const url = told('serverStarted').at(-1)?.url;
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(records) });
    return { status: response.status, ...((await response.json()) as object) };
  };
  const begins = async (runs: number): Promise<void> => {
    await until(() => told('runStarted').length === runs && told('serverStarted').length === runs);
  };
  const good = (accepted: number) => ({ status: 200, accepted, duplicates: 0, rejected: [], rejectedLabels: [] });
  await begins(1);
  const sample = (id: string) => ({ id, x: [0.5, 1] });
  expect(await send('/v1/samples', ['s1', 's2', 's3'].map(sample))).toEqual(good(3));
  expect(await send('/v1/labels', [{ id: 's1', labels: { a: 1 } }])).toEqual(good(1));
  await begins(2);
  // A label of a head that there is, and one of another, of a sample that went on before.
  expect(
    await send('/v1/labels', [
      { id: 's1', labels: { b: 1 } },
      { id: 's2', labels: { a: 0 } },
    ]),
  ).toEqual(good(2));
  await begins(3);
  const names = [{ id: 's3', labels: { a: 1, c: 1, constructor: 1, x: 0, b: null } }];
  expect(await send('/v1/labels', names)).toMatchObject({
    accepted: 1,
    rejectedLabels: [
      { reason: 'tooManyHeads', head: '__unknown__', found: "'c'" },
      { reason: 'badHeadName', head: '__unknown__', found: "'constructor' and 1 more" },
    ],
  });
  await until(() => told('stepTaken').reduce((sum, { rows }) => sum + rows, 0) === 4);
  const flows = run?.flows() ?? [];
  for (const { received, pending, outcomes } of flows)
    expect(received).toBe(pending + Object.values(outcomes).reduce((sum, count) => sum + count, 0));
  expect(flows.find(({ name }) => name === 'labels')?.rejectedLabels).toEqual({ __unknown__: 2 });
  stop.abort();
  expect((await trained).outcome).toBe('stopped');
  expect(told('headsMade').map(({ heads }) => heads)).toEqual([['a'], ['b']]);
  expect(told('headRefused')).toHaveLength(1);
  expect(Object.fromEntries(trainedIn(linesOf(join(folder, 'journal.ndjson'))))).toEqual({
    's1/a': 1,
    's1/b': 1,
    's2/a': 1,
    's3/a': 1,
  });
});
