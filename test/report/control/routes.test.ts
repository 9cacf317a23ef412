import { afterEach, expect, test } from 'vitest';
import { ConfigError } from '../../../src/core/error.ts';
import { type ReloadOutcome, type RunSettings, type Steering, SteeringError } from '../../../src/core/steering.ts';
import { type Server, serve } from '../../../src/http/server.ts';
import { controlRoutes } from '../../../src/report/control/routes.ts';
import { DocumentCheck } from '../../http/document.ts';

/** A run that does as it is told. */
class Steered implements Steering {
  step = 7;
  isBegun = true;
  isPaused = false;
  kept = true;
  readonly calls: unknown[] = [];
  readonly #settings: RunSettings = {
    heads: { toxic: { weight: 1, learningRate: 1, frozen: false } },
    branches: { trunk: { learningRate: 1, frozen: false } },
  };

  async pause(reason: string): Promise<void> {
    this.calls.push(['pause', reason]);
    this.isPaused = true;
  }

  continue(): void {
    this.calls.push(['continue']);
    this.isPaused = false;
  }

  advance(steps: number): void {
    if (!this.isPaused) throw new SteeringError({ where: 'run', expected: 'one that is paused', found: 'another' });
    this.calls.push(['advance', steps]);
  }

  async checkpoint(): Promise<boolean> {
    this.calls.push(['checkpoint']);
    return this.kept;
  }

  settings(): RunSettings {
    return this.#settings;
  }

  set(change: unknown): void {
    if (JSON.stringify(change).includes('"toxicc"'))
      throw new ConfigError({ where: 'heads', expected: "'toxic'", found: "'toxicc'" });
    this.calls.push(['set', change]);
  }
}

const token = 'a-token-of-some-length';
const open: Server[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function start(reload?: () => Promise<ReloadOutcome>, options: { token?: string } = {}) {
  const run = new Steered();
  const failures: unknown[] = [];
  const failed = (_: string, error: unknown): void => void failures.push(error);
  const server = await serve({ host: '127.0.0.1', port: 0, routes: controlRoutes(run, reload), failed, ...options });
  open.push(server);
  const check = new DocumentCheck(await (await fetch(`${server.url}/v1/openapi.json`)).json());
  const ask = async (path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } };
    const sent = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(
      `${server.url}${path}`,
      body === undefined ? { method: 'POST', headers } : { ...init, body: sent },
    );
    return { status: response.status, body: await check.answer('POST', path, response) };
  };
  return { run, server, check, ask, failures };
}

test('a run is paused, let through, kept and let go, and every answer is as documented', async () => {
  const { run, ask, check, server } = await start();
  expect(await ask('/v1/pause', { reason: 'night\n shift' })).toEqual({ status: 200, body: { step: 7, paused: true } });
  expect(await ask('/v1/step', { steps: 3 })).toEqual({ status: 202, body: { step: 7, paused: true } });
  expect(await ask('/v1/step')).toMatchObject({ status: 202 });
  expect(await ask('/v1/checkpoint')).toMatchObject({ status: 200 });
  expect(await ask('/v1/continue')).toEqual({ status: 200, body: { step: 7, paused: false } });
  const change = { heads: { toxic: { weight: 0.5 } }, branches: { trunk: { frozen: true } } };
  expect(await ask('/v1/settings', change)).toEqual({ status: 200, body: run.settings() });
  expect(await ask('/v1/settings', { heads: {} })).toEqual({ status: 200, body: { heads: {}, branches: {} } });
  expect(run.calls).toEqual([
    ['pause', 'night\uFFFD shift'],
    ['advance', 3],
    ['advance', 1],
    ['checkpoint'],
    ['continue'],
    ['set', change],
    ['checkpoint'],
    ['set', { heads: {}, branches: {} }],
    ['checkpoint'],
  ]);
  const settings = await fetch(`${server.url}/v1/settings`);
  expect(await check.answer('GET', '/v1/settings', settings)).toEqual(run.settings());
});

test('the document has every route, and is one of them', async () => {
  const { server, check } = await start();
  const documented = Object.entries(check.document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(documented.sort()).toEqual([...server.routes].sort());
  expect(documented).toContain('GET /v1/openapi.json');
  for (const methods of Object.values(check.document.paths))
    for (const { summary, security } of Object.values(methods)) {
      expect(summary).toMatch(/\.$/);
      expect(security).toBeUndefined();
    }
});

const issue = (where: string, expected: string, found: string, hint?: string) => ({
  issues: [{ where, expected, found, ...(hint ? { hint } : {}) }],
});

test.each([
  ['/v1/step', { steps: 0 }, 400, issue('body.steps', 'a number, at least 1', '0')],
  ['/v1/step', { steps: 1 }, 409, issue('run', 'one that is paused', 'another')],
  ['/v1/step', { stepz: 1 }, 400, issue('body.stepz', "an option out of 'steps'", "'stepz'", "did you mean 'steps'?")],
  ['/v1/step', '{"steps":1,"steps":2}', 400, issue('body', 'each key of an object once', "'steps' more than once")],
  ['/v1/step', 'steps', 400, { issues: [{ where: 'body', expected: 'an object of JSON' }] }],
  ['/v1/step', [], 400, issue('body', 'an object', 'a list of 0')],
  ['/v1/settings', { heads: { toxicc: { weight: 1 } } }, 400, issue('heads', "'toxic'", "'toxicc'")],
  [
    '/v1/settings',
    { heads: { toxic: { weight: -1 } } },
    400,
    issue('body.heads.toxic.weight', 'a number, at least 0', '-1'),
  ],
  ['/v1/settings', { heads: { toxic: { weight: null } } }, 400, issue('body.heads.toxic.weight', 'a number', 'null')],
  ['/v1/settings', { branches: { trunk: { weight: 1 } } }, 400, { status: 400 }],
  [
    '/v1/reload',
    undefined,
    409,
    issue('pipeline', 'one under trunkline run', 'one under trunkline train', 'stop it, and go on with --resume'),
  ],
])('%s is not asked for %j: %i', async (path, body, status, problem) => {
  const { ask, run } = await start();
  expect(await ask(path, body)).toMatchObject({ status, body: problem });
  expect(run.calls).toEqual([]);
});

test('what a reload came to is told without values, and a checkpoint that could not be written without a path', async () => {
  const { ask, run } = await start(async () => ({
    result: 'restartRequired',
    changes: ["sources.live.path: '/home/somebody' → '/secret'"],
  }));
  expect(await ask('/v1/reload')).toEqual({
    status: 200,
    body: { result: 'restartRequired', changes: ['sources.live.path'] },
  });
  run.kept = false;
  expect(await ask('/v1/checkpoint')).toMatchObject({
    status: 503,
    body: issue('checkpoint', 'one on the disk', 'none that could be written: the log says why'),
  });
});

test('with a token nothing changes without it; without one nothing changes for a page of another site', async () => {
  const guarded = await start(undefined, { token });
  expect(await guarded.ask('/v1/pause')).toMatchObject({ status: 401 });
  expect(await guarded.ask('/v1/pause', {}, { authorization: `Bearer ${token}0` })).toMatchObject({ status: 401 });
  expect(guarded.run.calls).toEqual([]);
  expect(await guarded.ask('/v1/pause', {}, { authorization: `Bearer ${token}` })).toMatchObject({ status: 200 });
  expect(guarded.check.document.paths['/v1/pause']?.post?.security).toEqual([{ token: [] }]);
  const own = await start();
  for (const origin of ['https://evil.example', 'null', 'http://localhost.evil.example'])
    expect(await own.ask('/v1/pause', undefined, { origin })).toMatchObject({
      status: 403,
      body: issue("header 'origin'", 'none, or this machine', 'another site'),
    });
  expect(own.run.calls).toEqual([]);
  expect(await own.ask('/v1/pause', undefined, { origin: 'http://localhost:3000' })).toMatchObject({ status: 200 });
});

test('a run that is starting is asked again later', async () => {
  const { ask, run } = await start();
  run.isBegun = false;
  expect(await ask('/v1/pause')).toMatchObject({
    status: 503,
    body: issue('run', 'one that has begun', 'one that is starting'),
  });
  expect(run.calls).toEqual([]);
});
