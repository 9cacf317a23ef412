import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/clock.ts';
import type { TrunklineEvent } from '../../src/core/event.ts';
import { serve } from '../../src/http/server.ts';
import { type MappingConfig, type SampleSource, samples, sources } from '../../src/source/index.ts';
import type { Position, Reading } from '../../src/source/source.ts';
import { DocumentCheck } from '../http/document.ts';

let folder: string;
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trunkline-http-'));
});
afterAll(() => rm(folder, { recursive: true }));
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const mapping: MappingConfig = {
  id: 'id',
  features: { x: { type: 'tensor', shape: [2] } },
  labels: { toxic: {}, soluble: {} },
};

async function sourceIn(runFolder: string, options: object = {}): Promise<SampleSource> {
  const columns = { id: 'text', x: 'numbers', toxic: 'number', soluble: 'number' };
  return samples(sources.build({ type: 'http', columns, ...options }, { name: 'live', runFolder }, 'live'), mapping);
}

/** A source that is being sent to. */
async function open(options: object = {}, runFolder = join(folder, `run-${count++}`)) {
  const source = await sourceIn(runFolder, options);
  const events: TrunklineEvent[] = [];
  const receiver = await source.receive({ clock: new ManualClock(), events: (event) => events.push(event) });
  if (!receiver) throw new Error('the source takes nothing');
  const failed = (_route: string, error: unknown): void => {
    throw error;
  };
  const server = await serve({ host: '127.0.0.1', port: 0, routes: receiver.routes, failed });
  const close = async (): Promise<void> => {
    await server.close();
    await receiver.close();
  };
  closing.push(close);
  const check = new DocumentCheck(await (await fetch(`${server.url}/v1/openapi.json`)).json());
  const [path = ''] = receiver.routes.map((route) => route.path);
  /** Every answer is as documented. */
  const send = async (body: BodyInit, headers: Record<string, string> = {}) => {
    const init = { method: 'POST', body, headers: { 'content-type': 'application/x-ndjson', ...headers } };
    const response = await fetch(`${server.url}${path}`, init);
    return { status: response.status, headers: response.headers, body: await check.answer('POST', path, response) };
  };
  const stop = async (): Promise<void> => {
    closing.splice(closing.indexOf(close), 1);
    await close();
  };
  return { source, send, events, runFolder, stop };
}

const lines = (...records: readonly unknown[]): string =>
  records.map((record) => `${JSON.stringify(record)}\n`).join('');
const record = (id: string) => ({ id, x: [1, 2], toxic: 1 });
const accepted = (number: number, duplicates = 0) => ({
  status: 200,
  body: { accepted: number, duplicates, rejected: [], rejectedLabels: [] },
});

/** The ids of the next rows, as many as there are to come. */
async function idsOf(source: SampleSource, rows: number, from?: Position) {
  const controller = new AbortController();
  const ids: string[] = [];
  let position = from;
  const reading = source.read({ signal: controller.signal, ...(from === undefined ? {} : { from }) });
  const iterator = reading[Symbol.asyncIterator]() as AsyncIterator<Reading>;
  while (ids.length < rows) {
    const { value } = await iterator.next();
    ids.push(...(value.chunk.ids ?? []));
    position = value.position;
  }
  controller.abort();
  await iterator.return?.();
  return { ids, position };
}

test('every record has a verdict, and what is good of a request is accepted', async () => {
  const { source, send, events } = await open();
  const body = [
    lines(record('a')),
    'no JSON\n',
    lines(
      7,
      { id: 'b', x: [1, 2, 3] },
      { id: 'c', x: 'text' },
      { x: [1, 2] },
      { id: 'd', x: [1, 2], toxik: 1 },
      { id: 'e', x: [1, 2], toxic: null, labels: { soluble: 3 } },
      { id: 'f', x: [1, 2], toxic: 1, labels: { toxic: 0 } },
      record('a'),
    ),
  ].join('\n');
  const answer = await send(body);
  expect(answer.status).toBe(200);
  expect(answer.body).toEqual({
    accepted: 2,
    duplicates: 1,
    rejected: [
      {
        index: 1,
        where: 'record 1',
        reason: 'malformed',
        expected: 'an object of JSON',
        found: 'Unexpected token \'o\', "no JSON" is not valid JSON',
      },
      {
        index: 2,
        where: 'record 2',
        reason: 'malformed',
        expected: 'an object with a value for each column',
        found: '7',
      },
      { index: 3, where: "record 3, input 'x'", reason: 'badLength', expected: '2 numbers', found: '3' },
      {
        index: 4,
        where: 'record 4',
        reason: 'badType',
        expected: "a list of numbers or null in column 'x'",
        found: "'text'",
      },
      { index: 5, where: "record 5, column 'id'", reason: 'missing', expected: 'an id', found: 'null' },
      {
        index: 6,
        where: 'record 6',
        reason: 'unknownField',
        expected: 'fields of id, x, toxic, soluble',
        found: "'toxik'",
        hint: "did you mean 'toxic'?",
      },
      {
        index: 8,
        where: 'record 8',
        reason: 'duplicateKey',
        expected: 'each label once',
        found: "'toxic' in 'labels' and beside it",
      },
    ],
    rejectedLabels: [],
  });
  expect((await idsOf(source, 2)).ids).toEqual(['a', 'e']);
  expect(events).toEqual([
    {
      type: 'recordsReceived',
      source: 'live',
      accepted: 2,
      duplicates: 1,
      rejected: { malformed: 2, badLength: 1, badType: 1, missing: 1, unknownField: 1, duplicateKey: 1 },
      labels: 0,
      sizeBytes: Buffer.byteLength(body),
    },
  ]);
});

test('a key that is there twice is refused, in lines and in an array, and the other records are not', async () => {
  const { send, source } = await open();
  const records = [
    '{"id":"a","x":[1,2],"toxic":1,"toxic":0}',
    '{"id":"b","x":[1,2],"labels":{"toxic":1,"soluble":2,"toxic":1}}',
  ];
  const found = "'toxic' more than once";
  const body = {
    accepted: 1,
    duplicates: 0,
    rejected: records.map((_, index) => ({
      index,
      where: `record ${index}`,
      reason: 'duplicateKey',
      expected: 'each key of an object once',
      found,
    })),
    rejectedLabels: [],
  };
  const good = (id: string): string => JSON.stringify(record(id));
  expect((await send([...records, good('c')].join('\n'))).body).toEqual(body);
  const array = { 'content-type': 'application/json' };
  expect((await send(`[${[...records, good('d')].join(', ')}]`, array)).body).toEqual(body);
  expect((await idsOf(source, 2)).ids).toEqual(['c', 'd']);
});

test('a request of which nothing is accepted is refused', async () => {
  const { send } = await open();
  expect((await send('no\n')).status).toBe(400);
  expect(await send('')).toMatchObject(accepted(0));
  const array = { 'content-type': 'application/json' };
  expect(await send('{}', array)).toMatchObject({ status: 400, body: { issues: [{ where: 'body' }] } });
  expect(await send(Uint8Array.of(255), array)).toMatchObject({
    status: 400,
    body: { issues: [{ where: 'body', expected: 'text in UTF-8', found: 'other bytes' }] },
  });
});

test('what is sent again is accepted once, by ids and by its key, also after a restart', async () => {
  const first = await open();
  const key = { 'idempotency-key': 'k1' };
  const body = lines({ ...record('a') }, record('b'));
  expect(await first.send(body, key)).toMatchObject(accepted(2));
  const again = await first.send(body, key);
  expect(again).toMatchObject(accepted(2));
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect(await first.send(lines(record('c')), key)).toMatchObject({
    status: 422,
    body: { issues: [{ where: "header 'idempotency-key'", found: 'one that came with another body' }] },
  });
  expect(await first.send(lines(record('b'), record('c')))).toMatchObject(accepted(1, 1));
  await first.stop();
  const second = await open({}, first.runFolder);
  expect(await second.send(body, key)).toMatchObject(accepted(2));
  expect(await second.send(lines(record('c'), record('d')))).toMatchObject(accepted(1, 1));
  expect((await idsOf(second.source, 4)).ids).toEqual(['a', 'b', 'c', 'd']);
});

test('requests at the same time are kept together, and each is told of its own', async () => {
  const { source, send } = await open();
  const key = { 'idempotency-key': 'twice' };
  const requests = Array.from({ length: 40 }, (_, at) => send(lines(record(`r${at}`), record('same'))));
  const twice = [send(lines(record('k')), key), send(lines(record('k')), key)];
  const answers = (await Promise.all(requests)).map(({ body }) => body as { accepted: number; duplicates: number });
  for (const { body } of await Promise.all(twice)) expect(body).toMatchObject({ accepted: 1, duplicates: 0 });
  expect(answers.reduce((sum, answer) => sum + answer.accepted, 0)).toBe(41);
  expect(answers.reduce((sum, answer) => sum + answer.duplicates, 0)).toBe(39);
  const { ids } = await idsOf(source, 42);
  const expected = [...Array.from({ length: 40 }, (_, at) => `r${at}`), 'same', 'k'];
  expect(ids.toSorted()).toEqual(expected.toSorted());
});

test('when training is behind nothing is taken, until it has read', async () => {
  const { source, send, events } = await open({ limits: { records: 2, backlogRows: 3 } });
  expect(await send(lines(record('a'), record('b')))).toMatchObject(accepted(2));
  const busy = await send(lines(record('c'), record('d')));
  expect(busy).toMatchObject({
    status: 429,
    body: { issues: [{ where: 'server', expected: 'room for these records', found: 'none: training is behind' }] },
  });
  expect(busy.headers.get('retry-after')).toBe('1');
  expect(events.at(-1)).toEqual({ type: 'recordsRefused', source: 'live', reason: 'backlog' });
  expect((await idsOf(source, 2)).ids).toEqual(['a', 'b']);
  expect(await send(lines(record('c'), record('d')))).toMatchObject(accepted(2));
  expect(await send(lines(1, 2, 3))).toMatchObject({
    status: 413,
    body: { issues: [{ where: 'body', expected: 'at most 2 records', found: 'more', hint: 'send them in parts' }] },
  });
});

test('when the log is full nothing is taken, until checkpoints cover what it has', async () => {
  const { source, send } = await open({ limits: { logBytes: 600 } });
  let sent = 0;
  for (; sent < 100; sent++) {
    const answer = await send(lines(record(`r${sent}`)));
    if (answer.status === 200) continue;
    expect(answer).toMatchObject({ status: 503, body: { issues: [{ found: 'none until the next checkpoints' }] } });
    expect(answer.headers.get('retry-after')).toBe('5');
    break;
  }
  const { position } = await idsOf(source, sent);
  expect((await send(lines(record('x')))).status).toBe(503);
  await source.covered?.(position as Position);
  expect(await send(lines(record('x')))).toMatchObject(accepted(1));
  expect((await idsOf(source, 1, position)).ids).toEqual(['x']);
});

test('reading goes on where it was, and waits for what comes', async () => {
  const { source, send } = await open();
  await send(lines(record('a')));
  const { position } = await idsOf(source, 1);
  const coming = idsOf(source, 1, position);
  await send(lines(record('b')));
  expect((await coming).ids).toEqual(['b']);
});

test('a position of another log, or before what was forgotten, is an error', async () => {
  const one = await open();
  await one.send(lines(record('a')));
  const { position } = await idsOf(one.source, 1);
  const other = await open();
  const hint = 'hint: put the log back, or begin anew: --overwrite';
  await expect(idsOf(other.source, 1, position)).rejects.toThrow(
    `live: expected the log that the checkpoint goes on from; found another one, or one that was set back\n  ${hint}`,
  );
  await one.send(lines(record('b')));
  await one.source.covered?.((await idsOf(one.source, 1, position)).position as Position);
  const { log } = position as { log: string };
  await expect(idsOf(one.source, 1, { log, row: 0 })).rejects.toThrow(
    'live: expected row 0 of the log, with which the checkpoint goes on; found row 2 as the first after it',
  );
  await expect(idsOf(one.source, 1, 3)).rejects.toThrow('live: expected a position of a log: { log, row }; found 3');
});

test('whatever is sent is answered; what was accepted is read, and nothing else', async () => {
  const { source, send } = await open({ limits: { backlogRows: 1_000_000 } });
  const value = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom([1, 2], 1, null, 0.5) },
    { weight: 1, arbitrary: fc.jsonValue() },
  );
  const name = fc.oneof(fc.constantFrom('id', 'x', 'toxic', 'soluble', 'labels', '__proto__', 'toString'), fc.string());
  const any = fc.oneof(
    fc.record({ id: fc.string({ minLength: 1 }), x: fc.constant([1, 2]), toxic: value, soluble: value }),
    fc.dictionary(name, value),
    fc.jsonValue(),
  );
  let [total, expected] = [0, 0];
  await fc.assert(
    fc.asyncProperty(fc.array(any, { maxLength: 5 }), fc.boolean(), fc.string(), async (records, asArray, noise) => {
      const body = asArray ? JSON.stringify(records) : lines(...records) + noise;
      const { status, body: answer } = await send(body, asArray ? { 'content-type': 'application/json' } : {});
      expect([200, 400]).toContain(status);
      const told = answer as { accepted: number; duplicates: number; rejected: readonly { index: number }[] };
      const places = new Set(told.rejected.map(({ index }) => index));
      expect(places.size).toBe(told.rejected.length);
      if (asArray) expect(told.accepted + told.duplicates + places.size).toBe(records.length);
      expected += told.accepted;
    }),
    { numRuns: 200 },
  );
  ({ length: total } = (await idsOf(source, expected)).ids);
  expect(total).toBe(expected);
}, 60_000);

test('labels of one id are taken one after the other, and what is sent twice by its key once', async () => {
  const { source, send } = await open({ records: 'labels' });
  const of = (labels: object): string => lines({ id: 'a', x: [1, 2], ...labels });
  expect(await send(of({ toxic: 1 }), { 'idempotency-key': 'first' })).toMatchObject(accepted(1));
  expect(await send(of({ soluble: 0.5 }))).toMatchObject(accepted(1));
  expect(await send(of({ toxic: 1 }), { 'idempotency-key': 'first' })).toMatchObject(accepted(1));
  expect(await send(of({ toxic: 0 }))).toMatchObject(accepted(1));
  expect((await idsOf(source, 3)).ids).toEqual(['a', 'a', 'a']);
});
