import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Server, serve } from '../../src/http/server.ts';
import { watchRoutes } from '../../src/report/telemetry/routes.ts';
import { folderOf } from '../pipeline/own.ts';
import { open, runStarted } from '../report/telemetry/sample.ts';
import { trunklineBeside } from './run.ts';

/** Each of them starts several processes. */
const timeout = 120_000;

let server: Server;
beforeAll(async () => {
  const { telemetry, prometheus, event } = open();
  event(runStarted(['toxic', 'soluble'], 1234));
  const routes = watchRoutes(telemetry, prometheus);
  server = await serve({ host: '127.0.0.1', port: 0, routes, failed: () => {} });
});
afterAll(() => server.close());

test('status says how a pipeline stands, for people and as JSON', { timeout }, async () => {
  const { status, stdout, stderr } = await trunklineBeside(['status', server.url]);
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^pipeline {6}assays: training, up /);
  expect(stdout).toContain('steps         1,234 in epoch 1');
  expect(stdout).toMatch(/^toxic /m);
  const json = await trunklineBeside(['status', `${server.url}/`, '--json']);
  expect(JSON.parse(json.stdout)).toMatchObject({ name: 'assays', state: 'training', step: 1234 });
});

test('top shows it again and again, also while nobody answers', { timeout }, async () => {
  const { status, stdout } = await trunklineBeside(['top', server.url, '--interval', '1', '--frames', '3']);
  expect(status).toBe(0);
  expect(stdout.match(/^pipeline {6}assays: training/gm)).toHaveLength(3);
  const nobody = await trunklineBeside(['top', 'http://127.0.0.1:1', '--interval', '1', '--frames', '2']);
  expect(nobody.status).toBe(0);
  expect(
    nobody.stdout.match(/^http:\/\/127\.0\.0\.1:1\/v1\/status: expected a pipeline that answers; found /gm),
  ).toHaveLength(2);
});

test('what can not be asked says why', { timeout }, async () => {
  const nobody = await trunklineBeside(['status', 'http://127.0.0.1:1']);
  expect(nobody.status).toBe(1);
  expect(nobody.stderr).toMatch(
    /^http:\/\/127\.0\.0\.1:1\/v1\/status: expected a pipeline that answers; found .+\n {2}hint: is it running\? trunkline run <pipeline>\n$/,
  );
  const other = createServer((_, response) => response.end('{"state":"well"}'));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  const foreign = await trunklineBeside(['status', `http://127.0.0.1:${port}`]);
  await new Promise((resolve) => other.close(resolve));
  expect(foreign.status).toBe(2);
  expect(foreign.stderr).toContain(
    `answer of http://127.0.0.1:${port}/v1/status.state: expected one of 'starting', 'training'`,
  );
  const file = join(folderOf({}), 'silent.yaml');
  const pipeline = (rest: string): void =>
    writeFileSync(
      file,
      `name: silent\nsources: { train: { type: csv, path: x.csv, features: { x: tensor }, labels: { columns: y } } }\nstream: { from: train, batch: 4 }\nmodel: { heads: [{ columns: y, layers: [{ dense: 1 }], loss: meanSquaredError }] }\n${rest}`,
    );
  pipeline('');
  const silent = await trunklineBeside(['status', file]);
  expect([silent.status, silent.stderr]).toEqual([
    2,
    `${file}, metrics: expected where the pipeline says how it stands; found none\n  hint: metrics: { port: 9464 }\n`,
  ]);
  pipeline(`metrics: { port: ${new URL(server.url).port} }\n`);
  expect((await trunklineBeside(['status', file])).stdout).toMatch(/^pipeline {6}assays: training/);
});
