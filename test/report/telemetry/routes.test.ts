import { afterEach, expect, test } from 'vitest';
import { type Server, serve } from '../../../src/http/server.ts';
import { watchRoutes } from '../../../src/report/telemetry/routes.ts';
import { DocumentCheck } from '../../http/document.ts';
import { open, runStarted } from './sample.ts';

let server: Server | undefined;
afterEach(() => server?.close());

test('what is told of a pipeline is as documented, before it trains, while it does and when it is paused', async () => {
  const { telemetry, prometheus, event } = open();
  const failed = (_: string, error: unknown): void => {
    throw error;
  };
  server = await serve({ host: '127.0.0.1', port: 0, routes: watchRoutes(telemetry, prometheus), failed });
  const { url } = server;
  const check = new DocumentCheck(await (await fetch(`${url}/v1/openapi.json`)).json());
  const ask = async (path: string) => {
    const response = await fetch(`${url}${path}`);
    return { status: response.status, body: await check.answer('GET', path, response) };
  };
  const all = async () => {
    const [live, ready, metrics, status] = await Promise.all(['/livez', '/readyz', '/metrics', '/v1/status'].map(ask));
    expect(live).toEqual({ status: 200, body: { alive: true } });
    expect([metrics?.status, status?.status]).toEqual([200, 200]);
    expect(metrics?.body).toMatch(/^# HELP trunkline_/m);
    return ready;
  };
  expect(await all()).toMatchObject({ status: 503, body: { ready: false } });
  event(runStarted(['toxic', 'size']));
  expect(await all()).toEqual({ status: 200, body: { ready: true, reasons: [] } });
  event({ type: 'runPaused', step: 3, reason: 'night shift', asked: true });
  expect(await all()).toMatchObject({ status: 503, body: { ready: false } });
  // What there is none of is a problem, as documented for every route.
  expect((await fetch(`${url}/nothing`)).headers.get('content-type')).toMatch(/^application\/problem\+json/);
});
