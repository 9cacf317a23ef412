import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeEntry, encodeEntry } from '../../../src/source/http/entry.ts';
import { encodeKept } from '../../../src/source/http/kept.ts';
import { keyOf } from '../../../src/source/http/keys.ts';
import { AcceptedLog } from '../../../src/source/http/log.ts';

const retention = { retentionMs: 1000, maxKeys: 100 };
const everything = { rows: Number.POSITIVE_INFINITY, sizeBytes: Number.POSITIVE_INFINITY };
let folder: string;
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trunkline-log-'));
});
afterAll(() => rm(folder, { recursive: true }));
const fresh = (): string => join(folder, `log-${count++}`);
const value = (text: string): Buffer => Buffer.from(text);
const contents = (log: AcceptedLog) =>
  log.read(0, everything).map((entry) => [entry.first, entry.rows, entry.value.toString()]);

type Action =
  | { readonly type: 'append'; readonly rows: number; readonly text: string }
  | { readonly type: 'forget'; readonly share: number }
  | { readonly type: 'reopen' };

test('a log has what was appended and not forgotten, in order, also when it was closed in between', async () => {
  const action = fc.oneof<fc.Arbitrary<Action>[]>(
    fc.record({ type: fc.constant('append'), rows: fc.integer({ min: 1, max: 5 }), text: fc.string() }),
    fc.record({ type: fc.constant('forget'), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
    fc.constant({ type: 'reopen' }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 12 }), async (actions) => {
      const path = fresh();
      let log = await AcceptedLog.open(path, retention);
      const { id } = log;
      let model: (readonly [number, number, string])[] = [];
      let next = 0;
      for (const one of actions) {
        if (one.type === 'append') {
          await log.append(value(one.text), one.rows, [], 0);
          model.push([next, one.rows, one.text]);
          next += one.rows;
        } else if (one.type === 'forget') {
          const before = Math.floor(one.share * next);
          await log.forget(before);
          model = model.filter(([first, rows]) => first + rows > before);
        } else {
          await log.close();
          log = await AcceptedLog.open(path, retention);
        }
        expect(contents(log)).toEqual(model);
        expect(log).toMatchObject({ id, next, first: model[0]?.[0] ?? next });
        expect(log.sizeBytes).toBe(model.reduce((sum, [, , text]) => sum + Buffer.byteLength(text), 0));
      }
      await log.close();
    }),
    { numRuns: 25 },
  );
}, 60_000);

test('rows are read from any entry on, so many at a time, and one entry at least', async () => {
  const log = await AcceptedLog.open(fresh(), retention);
  for (const [rows, text] of [
    [2, 'ab'],
    [3, 'cde'],
    [1, 'f'],
  ] as const)
    await log.append(value(text), rows, [], 0);
  const firsts = (from: number, rows: number, sizeBytes: number) =>
    log.read(from, { rows, sizeBytes }).map(({ first }) => first);
  expect(firsts(0, 5, 100)).toEqual([0, 2]);
  expect(firsts(0, 100, 4)).toEqual([0]);
  expect(firsts(2, 1, 1)).toEqual([2]);
  expect(firsts(5, 10, 10)).toEqual([5]);
  expect(firsts(6, 10, 10)).toEqual([]);
  log.readFrom(2);
  expect(log.unread).toEqual({ rows: 4, sizeBytes: 4 });
  await log.close();
});

test('who waits at the end hears of rows, or of the signal', async () => {
  const log = await AcceptedLog.open(fresh(), retention);
  const controller = new AbortController();
  const waits = [log.arrival(controller.signal), log.arrival(controller.signal)];
  await log.append(value('a'), 1, [], 0);
  await Promise.all(waits);
  const ended = log.arrival(controller.signal);
  controller.abort(new Error('enough'));
  await expect(ended).rejects.toThrow('enough');
  await log.close();
});

test('keys are remembered for their time, the newest of them, also when the log was closed in between', async () => {
  const path = fresh();
  const id = (number: number) => ({ key: keyOf('id', String(number)), value: Buffer.of(1) });
  let log = await AcceptedLog.open(path, { retentionMs: 1000, maxKeys: 3 });
  const known = (): readonly number[] => [0, 1, 2, 3, 4, 5, 6].filter((number) => log.find(id(number).key));
  await log.append(value('a'), 2, [id(0), id(1)], 0);
  await log.append(value('b'), 1, [id(2)], 500);
  expect(known()).toEqual([0, 1, 2]);
  await log.append(value('c'), 1, [id(3)], 600);
  expect(known()).toEqual([2, 3]);
  await log.close();
  log = await AcceptedLog.open(path, { retentionMs: 1000, maxKeys: 3 });
  expect(known()).toEqual([2, 3]);
  await log.append(value('d'), 1, [id(4)], 1550);
  expect(known()).toEqual([3, 4]);
  await log.append(value('e'), 0, [], 5000);
  expect(known()).toEqual([]);
  await log.close();
});

test('a log is open once in a process', async () => {
  const path = fresh();
  const log = await AcceptedLog.open(path, retention);
  await expect(AcceptedLog.open(path, retention)).rejects.toThrow(
    `${path}: expected a log of one source alone; found one that is in use`,
  );
  await log.close();
});

test('a wrong bit in what is remembered refuses the log', async () => {
  const path = fresh();
  const [id, request] = [keyOf('id', 'one'), keyOf('request', 'batch-1')];
  const digest = Buffer.alloc(32, 'digest');
  const answer = { accepted: 1, duplicates: 0, rejected: [], rejectedLabels: [] };
  const keys = [
    { key: id, value: Buffer.of(1) },
    { key: request, value: encodeKept(digest, answer) },
  ];
  const log = await AcceptedLog.open(path, retention);
  await log.append(Buffer.of(7), 1, keys, 0);
  await log.close();
  const data = readFileSync(join(path, 'data.mdb'));
  // Each key is there, and in the group that is forgotten together.
  const places = [id, id, request, request, digest].map((bytes, at) =>
    at % 2 === 0 ? data.indexOf(bytes) : data.lastIndexOf(bytes),
  );
  expect(new Set(places).size).toBe(5);
  for (const [at, place] of places.entries()) {
    const spoilt = `${path}-${at}`;
    cpSync(path, spoilt, { recursive: true });
    data[place + 3] = (data[place + 3] as number) ^ 4;
    writeFileSync(join(spoilt, 'data.mdb'), data);
    data[place + 3] = (data[place + 3] as number) ^ 4;
    const error = await AcceptedLog.open(spoilt, retention).catch((error) => error);
    expect(error.message).toMatch(
      /: expected the store as it was written; found a damaged one: other bytes under [0-9a-f]+$/m,
    );
    expect(error.message.startsWith(spoilt)).toBe(true);
  }
});

test('an entry comes back as it was, or not at all', () => {
  const columns = new Map([
    ['x', { kind: 'number', values: new Float64Array([1, 2, 3]).subarray(1), valid: Uint8Array.of(1, 0) }],
    ['t', { kind: 'text', values: ['ä', null] }],
  ] as const);
  const entry = encodeEntry(columns);
  expect(decodeEntry(entry)).toEqual(columns);
  fc.assert(
    fc.property(fc.nat(entry.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      const bad = Buffer.from(entry);
      bad[at] = (bad[at] as number) ^ mask;
      expect(decodeEntry(bad)).toBeUndefined();
      expect(decodeEntry(entry.subarray(0, at))).toBeUndefined();
    }),
  );
});

test('when the disk takes no more, nothing of what failed is kept, and later there is room again', (context) => {
  context.skip(process.platform === 'win32', 'needs a limit on the size of files');
  const cwd = fileURLToPath(new URL('../../..', import.meta.url));
  // Ignored, the signal of the limit becomes an error of the write, as of a full disk.
  const limited =
    'trap "" XFSZ; ulimit -f 2000; exec "$0" --import ./scripts/typescript.js test/source/http/limited.ts "$1"';
  const { stdout, stderr, status } = spawnSync('bash', ['-c', limited, process.execPath, fresh()], {
    cwd,
    encoding: 'utf8',
  });
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  const { count, full, second, room, first, next } = JSON.parse(stdout);
  expect(count).toBeGreaterThan(5);
  expect(full).toEqual({ failure: expect.any(String), next: count - 1, entries: count - 1, isKnown: false });
  expect(second).toEqual(expect.any(String));
  expect({ room, first, next }).toEqual({ room: true, first: count - 1, next: count });
});
