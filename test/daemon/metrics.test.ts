import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { writePipeline, writeRecords } from '../../scripts/chaos/file/pipeline.ts';
import type { Status } from '../../src/report/telemetry/status-schema.ts';
import { metricTable } from '../../src/report/telemetry/table/index.ts';
import { daemonOf } from './running.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-metrics-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeRecords(folder);

test('a pipeline under the daemon tells Prometheus, probes and people how it is doing', {
  timeout: 240_000,
}, async () => {
  const file = writePipeline(folder, 'watched', 400);
  appendFileSync(file, 'metrics: { port: 0 }\n');
  const { daemon, lines, until } = daemonOf(file);
  const { url } = await until(({ type }) => type === 'serverStarted');
  const ask = (path: string): Promise<Response> => fetch(`${url}${path}`);
  expect(await (await ask('/livez')).json()).toEqual({ alive: true });
  await until(({ type }) => type === 'checkpointWritten');
  const ready = await ask('/readyz');
  expect([ready.status, await ready.json()]).toEqual([200, { ready: true, reasons: [] }]);

  const response = await ask('/metrics');
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  const text = await response.text();
  const told = new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name));
  expect(metricTable.map(({ name }) => name).filter((name) => !told.has(name))).toEqual([]);
  const value = (name: string): number =>
    [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].reduce(
      (sum, [, one]) => sum + Number(one),
      0,
    );
  expect(value('trunkline_steps_total')).toBeGreaterThan(0);
  expect(value('trunkline_checkpoints_total')).toBeGreaterThan(0);
  expect(value('trunkline_samples_received_total')).toBe(
    value('trunkline_samples_pending') + value('trunkline_samples_outcome_total'),
  );
  expect(text).toContain('pipeline="watched"');

  const status = (await (await ask('/v1/status')).json()) as Status;
  expect(status).toMatchObject({ name: 'watched', state: 'training', reasons: [], restarts: 0 });
  expect(status.step).toBeGreaterThan(0);
  expect(Object.keys(status.heads)).toEqual(['a', 'b']);

  // Nothing is changed here, and nothing else is answered.
  expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(404);
  daemon.kill('pipeline');
  await until((line) => line.type === 'serverStarted' && line.url !== url);
  const again = lines.findLast(({ type }) => type === 'serverStarted');
  const restarted = (await (await fetch(`${again?.url}/v1/status`)).json()) as Status;
  expect(restarted.restarts).toBe(1);
  daemon.signal('SIGTERM');
  expect(await daemon.ended()).toBe(0);
});
