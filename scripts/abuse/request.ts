import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { token } from './target.ts';

/** A request, byte by byte. */
export interface AbuseRequest {
  readonly server: 'http' | 'metrics';
  readonly head: string;
  readonly body: Uint8Array;
}

const paths = [
  ...['/v1/pause', '/v1/continue', '/v1/step', '/v1/checkpoint', '/v1/reload', '/v1/settings', '/v1/predict'],
  ...['/v1/samples', '/v1/openapi.json', '/v1/status', '/metrics', '/livez', '/readyz'],
];

/** Bodies that come close to what is taken. */
const bodies = [
  ...['', '{}', '[]', 'null', '{"steps":2}', '{"reason":"why"}', '{"heads":{"toxic":{"weight":0.5}}}'],
  ...['{"heads":{"toxic":{"weight":1e999}}}', '{"branches":{"trunk":{"frozen":true}}}', '{"heads":{"__proto__":{}}}'],
  ...['{"records":[{"x":[1,2],"word":"a"}]}', '{"records":[{"x":[1e39,null],"word":"c"}],"heads":["toxic"]}'],
  ...['{"id":"a","x":[1,2],"word":"a","toxic":1}', '[{"id":"b","x":[1,2],"word":"b","toxic":0}]'],
  '['.repeat(5000),
];

const path = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...paths) },
  {
    weight: 2,
    arbitrary: fc.tuple(
      fc.constantFrom(...paths),
      fc.constantFrom('?', '/', '/../', '%00', '%2e%2e', '//', ';', '?token='),
    ),
  },
  { weight: 1, arbitrary: fc.webPath() },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
);

const method = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('POST', 'GET') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('PUT', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT', 'PATCH', 'post', 'X'),
  },
);

const value = fc.oneof(
  fc.constantFrom(
    'application/json',
    'application/x-ndjson',
    'gzip',
    'br',
    '-1',
    '0',
    '7',
    '1e9',
    '99999999999',
    'chunked',
  ),
  fc.constantFrom('100-continue', 'null', 'https://evil.example', 'evil.example', 'Basic YTpi', 'Bearer', 'Bearer  x'),
  fc.constantFrom(`Bearer ${token.slice(0, -1)}`, `Bearer ${token}x`, `bearer${token}`, token, `Bearer x ${token}`),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constant('x'.repeat(20_000)),
);
const header = fc.tuple(
  fc.oneof(
    fc.constantFrom('content-type', 'content-encoding', 'content-length', 'transfer-encoding', 'authorization', 'host'),
    fc.constantFrom('expect', 'origin', 'idempotency-key', 'upgrade', 'connection', 'te', '__proto__'),
    fc.string({ maxLength: 10 }),
  ),
  value,
);

const text = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...bodies) },
  { weight: 2, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
);
/** A text as it is, or with some of it cut out or written over. */
const mangled = fc.tuple(text, fc.nat(), fc.nat(5), fc.string({ maxLength: 3 })).map(([whole, at, count, put]) => {
  const place = at % (whole.length + 1);
  return count === 0 ? whole : whole.slice(0, place) + put + whole.slice(place + count - 1);
});
const body = fc.oneof(
  { weight: 6, arbitrary: mangled.map((own) => Buffer.from(own)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }) },
  { weight: 1, arbitrary: mangled.map((own) => gzipSync(own)) },
  { weight: 1, arbitrary: fc.constant(gzipSync('0'.repeat(1_000_000))) },
);

/**
 * Requests of any kind: in half of them all else is as it should be, so that what is wrong lies deeper.
 * @param isAllowed whether they have the token
 */
export const requests = (isAllowed: boolean): fc.Arbitrary<AbuseRequest> =>
  fc
    .record({
      server: fc.constantFrom('http' as const, 'http' as const, 'metrics' as const),
      method,
      path,
      headers: fc.array(header, { maxLength: 4 }),
      body,
      isPlain: fc.boolean(),
      type: fc.constantFrom('application/json', 'application/x-ndjson'),
    })
    .map(({ server, method, path, headers, body, isPlain, type }) => {
      const proper = [
        ...(isAllowed ? [['authorization', `Bearer ${token}`]] : []),
        ...(isPlain
          ? [
              ['content-type', type],
              ['content-length', String(body.length)],
            ]
          : []),
      ];
      // A header that is there twice may be the right one.
      const rest = isPlain ? [] : headers;
      const lines = [['host', 'localhost'], ['connection', 'close'], ...proper, ...rest].map(
        ([name, own]) => `${name}: ${own}\r\n`,
      );
      const place = Array.isArray(path) ? path.join('') : path;
      return { server, head: `${method} ${place} HTTP/1.1\r\n${lines.join('')}\r\n`, body };
    });
