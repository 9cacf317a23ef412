import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { type Route, RouteError } from '../../src/core/route.ts';
import { type Server, type ServerOptions, serve } from '../../src/http/server.ts';

const secret = '/home/somebody/secret.db';
const echo: Route = {
  method: 'POST',
  path: '/v1/echo',
  summary: 'Says what was sent.',
  changes: true,
  mediaTypes: ['application/json'],
  answers: { 200: z.strictObject({ mediaType: z.string(), text: z.string() }) },
  bodyBytes: 1000,
  handle: async ({ body, mediaType }) => ({
    status: 200,
    body: { mediaType, text: new TextDecoder().decode(body) },
  }),
};
const routes: readonly Route[] = [
  echo,
  {
    method: 'GET',
    path: '/look',
    summary: 'Is seen.',
    changes: false,
    answers: { 200: 'text/plain' },
    handle: async () => ({ status: 200, body: 'seen' }),
  },
  {
    method: 'GET',
    path: '/fails',
    summary: 'Is never well.',
    changes: false,
    answers: {},
    handle: async () => {
      throw new Error(`cannot open ${secret}`);
    },
  },
  {
    method: 'GET',
    path: '/busy',
    summary: 'Is never well.',
    changes: false,
    answers: {},
    handle: async () => {
      throw new RouteError(429, { where: 'server', expected: 'room', found: 'none' }, 3);
    },
  },
];

const failures: string[] = [];
const open: Server[] = [];
async function start(options: Partial<ServerOptions> = {}): Promise<Server> {
  const failed = (route: string, error: unknown): void => void failures.push(`${route}: ${(error as Error).message}`);
  const server = await serve({ host: '127.0.0.1', port: 0, routes, failed, ...options });
  open.push(server);
  return server;
}

afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
  failures.length = 0;
});

async function ask(server: Server, path: string, init: RequestInit = {}) {
  const response = await fetch(`${server.url}${path}`, init);
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.match(/^application\/(problem\+)?json;/);
  return { status: response.status, headers: response.headers, body: isJson ? (JSON.parse(text) as unknown) : text };
}

const post = (body: BodyInit, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  body,
  headers: { 'content-type': 'application/json', ...headers },
});

test('what is asked is answered, also when it was packed', async () => {
  const server = await start();
  expect(await ask(server, '/look')).toMatchObject({ status: 200, body: 'seen' });
  const told = { status: 200, body: { mediaType: 'application/json', text: '[1]' } };
  expect(await ask(server, '/v1/echo', post('[1]'))).toMatchObject(told);
  expect(
    await ask(server, '/v1/echo', post('[1]', { 'content-type': 'Application/JSON; charset=utf-8' })),
  ).toMatchObject(told);
  expect(await ask(server, '/v1/echo', post(gzipSync('[1]'), { 'content-encoding': 'gzip' }))).toMatchObject(told);
});

const issue = (where: string, expected: string, found: string, hint?: string) => ({
  issues: [{ where, expected, found, ...(hint ? { hint } : {}) }],
});
const tooLarge = issue('body', 'at most 1,000 bytes', 'more', 'send it in parts');
const refused: readonly [string, number, unknown, string, RequestInit?][] = [
  ['an unknown path', 404, issue('path', 'one that the server answers', 'another'), '/v1/other'],
  ['an unknown method', 404, issue('path', 'one that the server answers', 'another'), '/v1/echo'],
  [
    'another media type',
    415,
    issue("header 'content-type'", 'application/json', 'something else'),
    '/v1/echo',
    post('x', { 'content-type': 'text/html' }),
  ],
  [
    'another packing',
    415,
    issue("header 'content-encoding'", 'gzip', 'something else'),
    '/v1/echo',
    post('x', { 'content-encoding': 'br' }),
  ],
  [
    'what is not packed',
    400,
    issue('body', 'what gzip packed', 'something else'),
    '/v1/echo',
    post('x', { 'content-encoding': 'gzip' }),
  ],
  ['too large a body', 413, tooLarge, '/v1/echo', post('x'.repeat(1001))],
  [
    'a body that is too large unpacked',
    413,
    tooLarge,
    '/v1/echo',
    post(gzipSync('x'.repeat(1_000_000)), { 'content-encoding': 'gzip' }),
  ],
];
test.each(refused)('%s is refused, with %i', async (_, status, body, path, init) => {
  const server = await start();
  expect(await ask(server, path, init)).toMatchObject({ status, body });
});

test('a failure tells nothing of itself, and a refusal when to ask again', async () => {
  const server = await start();
  const fails = await ask(server, '/fails');
  expect(fails).toMatchObject({ status: 500, body: issue('server', 'an answer', 'a failure, which its log tells of') });
  expect(failures).toEqual([`GET /fails: cannot open ${secret}`]);
  const busy = await ask(server, '/busy');
  expect(busy.status).toBe(429);
  expect(busy.headers.get('retry-after')).toBe('3');
});

test('a body of a gigabyte is refused before it is sent', async () => {
  const server = await start();
  const { port } = new URL(server.url);
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1');
    const length = 'content-type: application/json\r\ncontent-length: 1000000000';
    socket.write(`POST /v1/echo HTTP/1.1\r\nhost: localhost\r\n${length}\r\n\r\n[`);
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString());
    });
    socket.once('error', reject);
  });
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
});

test('with a token, nothing changes without it', async () => {
  const token = 'a-token-of-some-length';
  const server = await start({ token });
  const none = await ask(server, '/v1/echo', post('[1]'));
  expect(none).toMatchObject({
    status: 401,
    body: issue("header 'authorization'", "'Bearer' and the server's token", 'no such header'),
  });
  expect(none.headers.get('www-authenticate')).toBe('Bearer');
  for (const wrong of ['Bearer x', `Bearer ${token}x`, `Basic ${token}`, token, 'Bearer'])
    expect(await ask(server, '/v1/echo', post('[1]', { authorization: wrong }))).toMatchObject({ status: 401 });
  expect(await ask(server, '/v1/echo', post('[1]', { authorization: `Bearer ${token}` }))).toMatchObject({
    status: 200,
  });
  expect(await ask(server, '/look')).toMatchObject({ status: 200 });
});

test('without a token only this machine is answered, by its own name', async () => {
  await expect(start({ host: '0.0.0.0' })).rejects.toThrow(
    'http.token: expected a token, because others reach 0.0.0.0; found none\n  hint: token: ${TRUNKLINE_TOKEN}, or leave host out',
  );
  const server = await start();
  const { port } = new URL(server.url);
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('GET /look HTTP/1.1\r\nhost: evil.example:80\r\nconnection: close\r\n\r\n');
    socket.once('data', (data) => resolve(data.toString()));
    socket.once('error', reject);
  });
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
});

test('two routes that are one, and an address that is taken, are errors', async () => {
  await expect(start({ routes: [echo, echo] })).rejects.toThrow(
    'POST /v1/echo: expected one that answers it; found several\n  hint: give the sources paths of their own',
  );
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  await expect(start({ port })).rejects.toThrow(
    `http: expected an address that is free: 127.0.0.1, port ${port}; found one that something else listens on`,
  );
  await new Promise((resolve) => other.close(resolve));
});

test('whatever is sent is answered, and the server goes on', async () => {
  const server = await start();
  const { port } = new URL(server.url);
  const header = fc.constantFrom('content-type', 'content-encoding', 'content-length', 'authorization', 'expect', 'x');
  const value = fc.oneof(fc.constantFrom('gzip', 'application/json', '-1', '10', '100-continue'), fc.string());
  const requests = fc.record({
    line: fc.oneof(fc.constantFrom('POST /v1/echo HTTP/1.1', 'GET /fails HTTP/1.1', 'GET /%00 HTTP/1.1'), fc.string()),
    headers: fc.array(fc.tuple(header, value), { maxLength: 4 }),
    body: fc.uint8Array({ maxLength: 200 }),
  });
  await fc.assert(
    fc.asyncProperty(requests, async ({ line, headers, body }) => {
      const answer = await new Promise<string>((resolve) => {
        let text = '';
        const socket = connect(Number(port), '127.0.0.1');
        socket.on('data', (data) => {
          text += data.toString('latin1');
        });
        socket.on('close', () => resolve(text)).on('error', () => {});
        const lines = headers.map(([name, own]) => `${name}: ${own}\r\n`).join('');
        socket.write(`${line}\r\nhost: localhost\r\nconnection: close\r\n${lines}\r\n`);
        socket.end(body);
      });
      expect(answer).not.toContain(secret);
      expect(answer).not.toMatch(/ at .*\.ts:\d+/);
      expect(await ask(server, '/look')).toMatchObject({ status: 200 });
    }),
    { numRuns: 150 },
  );
}, 60_000);
