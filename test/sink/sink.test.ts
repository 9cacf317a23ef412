import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it, test } from 'vitest';
import { AppendFile } from '../../src/sink/append-file.ts';
import { deadLetters, type Sink, type SinkColumn, type SinkRow, sinks } from '../../src/sink/index.ts';
import { linesOf, query, readBack } from './read.ts';

const root = mkdtempSync(join(tmpdir(), 'sink-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let made = 0;
const fresh = (): string => mkdtempSync(join(root, `${made++}-`));

const columns: readonly SinkColumn[] = [
  { name: 'id', kind: 'text' },
  { name: 'NR-AR, "x".y', kind: 'float64' },
  { name: 'count', kind: 'int32' },
];
const open = (type: string, folder: string, of = columns, more: object = {}): Promise<Sink<SinkRow>> =>
  sinks.build({ type, path: 'out', ...more }, { where: 'predict.to', folder, columns: of }, 'predict.to');

const row = (n: number): SinkRow => ({ id: `id-${n}`, 'NR-AR, "x".y': n / 4, count: n });

describe.each(sinks.plugins.map((plugin) => [plugin.type, plugin] as const))('%s', (type, plugin) => {
  it('says what it is, and what each option is', () => {
    expect(plugin.summary).toMatch(/\.$/);
    const fields = plugin.fields.shape as Readonly<Record<string, { description?: string }>>;
    for (const [option, field] of Object.entries(fields)) expect(field.description, option).toMatch(/\.$/);
    expect(Object.keys(fields)).toContain(plugin.main);
  });

  it('keeps rows in order, with nulls and odd texts', async () => {
    const folder = fresh();
    const sink = await open(type, folder);
    const odd = ['', 'a,b', 'say "no"', 'two\nlines', ' space ', 'ünï·語', "it's"];
    for (const id of odd) await sink.write({ id, count: 3 });
    await sink.write({ id: 'last', 'NR-AR, "x".y': 1.5, count: null });
    await sink.close();
    const rows = await readBack(type, join(folder, 'out'));
    expect(rows).toHaveLength(odd.length + 1);
    rows.forEach((found, at) => {
      expect(found.id).toBe(odd[at] ?? 'last');
      expect(Number(found.count ?? -1)).toBe(at < odd.length ? 3 : -1);
      expect(found['NR-AR, "x".y'] === null ? null : Number(found['NR-AR, "x".y'])).toBe(at < odd.length ? null : 1.5);
    });
  });

  it('has after every flush, truncation and crash what a list would have', async () => {
    const action = fc.oneof(
      { weight: 5, arbitrary: fc.constant('write' as const) },
      fc.constantFrom('flush' as const, 'truncate' as const, 'reopen' as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 25 }), async (actions) => {
        const folder = fresh();
        let sink = await open(type, folder, columns, type === 'parquet' ? { partRows: 4 } : {});
        let written: SinkRow[] = [];
        const places = [{ place: await sink.flush(), rows: 0 }];
        let n = 0;
        for (const act of actions) {
          if (act === 'write') {
            written.push(row(n));
            await sink.write(row(n++));
          } else if (act === 'flush') {
            const { place } = sink;
            expect(await sink.flush()).toBe(place);
            places.push({ place, rows: written.length });
          } else {
            // A restart goes on at a checkpoint: the last one here, and an earlier one for `truncate`.
            if (act === 'reopen') {
              await sink.close();
              sink = await open(type, folder, columns, type === 'parquet' ? { partRows: 4 } : {});
            } else if (places.length > 1) places.pop();
            const { place, rows } = places.at(-1) as (typeof places)[number];
            await sink.truncate(place);
            written = written.slice(0, rows);
          }
        }
        await sink.close();
        const found = await readBack(type, join(folder, 'out'));
        expect(found.map(({ id }) => id)).toEqual(written.map(({ id }) => id));
      }),
      { numRuns: 15 },
    );
  });

  it('refuses other columns and other values, and goes on', async () => {
    const folder = fresh();
    const sink = await open(type, folder);
    await expect(sink.write({ idd: 'a' })).rejects.toThrow(
      /^predict\.to: expected columns out of 'id', 'NR-AR, "x"\.y', 'count'; found 'idd'\n {2}hint: did you mean 'id'\?$/,
    );
    await expect(sink.write({ id: 3, count: 1.5 })).rejects.toThrow(
      "predict.to, column 'id': expected text; found 3\npredict.to, column 'count': expected a whole number of 32 bits; found 1.5",
    );
    await sink.write(row(1));
    await sink.close();
    expect(await readBack(type, join(folder, 'out'))).toHaveLength(1);
  });

  it('refuses a place that it does not have', async () => {
    const folder = fresh();
    const sink = await open(type, folder);
    await sink.write(row(1));
    await sink.flush();
    await expect(sink.truncate(1e6)).rejects.toThrow(/ that it had at the checkpoint; found \d+\n {2}hint: the f/);
    await sink.write(row(2));
    await sink.close();
    expect(await readBack(type, join(folder, 'out'))).toHaveLength(2);
  });

  it('keeps the order of rows that nobody waited for', async () => {
    const folder = fresh();
    const sink = await open(type, folder);
    const writes = Array.from({ length: 3000 }, (_, n) => sink.write(row(n)));
    const { place } = sink;
    expect(await sink.flush()).toBe(place);
    await Promise.all(writes);
    await sink.close();
    const found = await readBack(type, join(folder, 'out'));
    expect(found.map(({ count }) => Number(count))).toEqual(Array.from({ length: 3000 }, (_, n) => n));
  });

  it('says where it can not write', async () => {
    const folder = fresh();
    writeFileSync(join(folder, 'file'), '');
    await expect(open(type, folder, columns, { path: 'file/out' })).rejects.toThrow(
      /file\/out: expected a (file|folder) to write; found E/,
    );
  });
});

test('parquet has every kind of column, as other readers see it', async () => {
  const all: readonly SinkColumn[] = [
    { name: 'b', kind: 'bool' },
    { name: 'f', kind: 'float32' },
    { name: 't', kind: 'time' },
    { name: 'fs', kind: 'floats' },
    { name: 'is', kind: 'ints' },
    { name: 'ts', kind: 'texts' },
  ];
  for (const compression of ['snappy', 'gzip', 'brotli', 'none']) {
    const folder = fresh();
    const sink = await open('parquet', folder, all, { compression });
    await sink.write({ b: true, f: 0.5, t: 1714564800250, fs: Float32Array.of(1, 2.5), is: [3], ts: ['a', null, ''] });
    await sink.write({ b: null, f: Number.NaN, fs: [], is: null });
    await sink.close();
    expect(
      await query(`(SELECT * EXCLUDE (t), epoch_ms(t) AS t FROM read_parquet('${folder}/out/*.parquet'))`),
    ).toEqual([
      { b: true, f: 0.5, fs: [1, 2.5], is: [3], ts: ['a', null, ''], t: '1714564800250' },
      { b: null, f: 'NaN', fs: [], is: null, ts: null, t: null },
    ]);
  }
});

test('parquet: what a crash left unfinished is taken away, and a gap is refused', async () => {
  const folder = fresh();
  const sink = await open('parquet', folder);
  await sink.write(row(0));
  expect(await sink.flush()).toBe(1);
  expect(await sink.flush()).toBe(1);
  await sink.write(row(1));
  expect(readdirSync(join(folder, 'out')).sort()).toEqual(['part-000000.parquet', 'part.writing']);
  const next = await open('parquet', folder);
  expect(readdirSync(join(folder, 'out'))).toEqual(['part-000000.parquet']);
  await next.write(row(2));
  await next.close();
  expect((await readBack('parquet', join(folder, 'out'))).map(({ id }) => id)).toEqual(['id-0', 'id-2']);
  rmSync(join(folder, 'out', 'part-000000.parquet'));
  await expect(open('parquet', folder)).rejects.toThrow(
    'expected a folder of parts without gaps, part-000000.parquet among them; found part-000001.parquet in its place',
  );
});

test('csv and ndjson: half a line that a crash left spoils no other', async () => {
  for (const type of ['csv', 'ndjson']) {
    const folder = fresh();
    const sink = await open(type, folder);
    await sink.write(row(0));
    await sink.close();
    appendFileSync(join(folder, 'out'), '{"id":"ha');
    const next = await open(type, folder);
    const write = next.write({ ...row(1), id: 'id-1 ä' });
    const { place } = next;
    await write;
    expect(await next.flush()).toBe(place);
    await next.close();
    const lines = readFileSync(join(folder, 'out'), 'utf8').split('\n');
    expect(lines.at(-3)).toBe('{"id":"ha');
    expect(lines.at(-2)).toContain('id-1');
  }
});

test('a full disk is an error of every later call', async (context) => {
  context.skip(!existsSync('/dev/full'), 'needs /dev/full');
  const sink = await open('ndjson', '/dev', columns, { path: 'full' });
  await sink.write(row(0));
  const message = '/dev/full: expected a file that can be written; found ENOSPC: no space left on device, write';
  await expect(sink.flush()).rejects.toThrow(message);
  await expect(sink.write(row(1))).rejects.toThrow(message);
  await expect(sink.close()).rejects.toThrow(message);
});

test('what a full disk did not take is written when there is room again', async (context) => {
  const folder = fresh();
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder], { encoding: 'utf8' });
  context.skip(mount.status !== 0, 'needs a small disk: mounting one is not allowed');
  try {
    const lines = Array.from({ length: 400 }, (_, at) => `${at} ${'x'.repeat(1000)}`);
    writeFileSync(join(folder, 'filler'), Buffer.alloc(150_000));
    const file = await AppendFile.open(join(folder, 'out'));
    const results = await Promise.allSettled(lines.slice(0, 200).map((line) => file.append(line)));
    expect(results.map(({ status }) => status)).toContain('rejected');
    await expect(file.flush()).rejects.toThrow('ENOSPC');
    rmSync(join(folder, 'filler'));
    await file.append(lines[200] as string).catch(() => {});
    await file.flush();
    await file.append(lines[201] as string);
    await file.close();
    expect(readFileSync(join(folder, 'out'), 'utf8')).toBe(`${lines.slice(0, 202).join('\n')}\n`);
  } finally {
    spawnSync('umount', ['-l', folder]);
  }
});

test('csv as others write it', async () => {
  const folder = fresh();
  const of: readonly SinkColumn[] = [
    { name: 'a', kind: 'text' },
    { name: 'v', kind: 'floats' },
    { name: 't', kind: 'time' },
  ];
  const sink = await open('csv', folder, of, { separator: '\t' });
  await sink.write({ a: 'x\ty', v: [1, Number.NaN], t: 0 });
  await sink.write({});
  await sink.close();
  expect(readFileSync(join(folder, 'out'), 'utf8')).toBe(
    'a\tv\tt\n"x\ty"\t"[1,""NaN""]"\t1970-01-01T00:00:00.000Z\n\t\t\n',
  );
});

describe('dead letters', () => {
  const issue = { where: 'train, record 3', expected: 'a number', found: 'null', hint: 'look' };
  const openLetters = (folder: string, more = {}) =>
    deadLetters.build(
      { type: 'deadLetter', path: 'dead.ndjson', ...more },
      { where: 'deadLetters', folder },
      'deadLetters',
    );

  it('are lines of JSON, with whatever the record has', async () => {
    const folder = fresh();
    const sink = await openLetters(folder);
    const record = {
      n: Number.NaN,
      big: 2n ** 60n + 1n,
      small: 5n,
      bytes: Uint8Array.of(1, 2),
      buffer: Buffer.from([1, 2]),
      list: Float32Array.of(0.5),
      not: undefined,
    };
    await sink.write({ reason: 'missing', issue, id: 'a', record });
    await sink.write({ reason: 'unknownHead', issue: { where: 'w', expected: 'e', found: 'line\nbreak' }, head: 'h' });
    const place = await sink.flush();
    await sink.write({ reason: 'lost', issue });
    await sink.truncate(place);
    await sink.close();
    expect(linesOf(join(folder, 'dead.ndjson'))).toEqual([
      {
        reason: 'missing',
        ...issue,
        id: 'a',
        record: { n: 'NaN', big: '1152921504606846977', small: 5, bytes: 'AQI=', buffer: 'AQI=', list: [0.5] },
      },
      { reason: 'unknownHead', where: 'w', expected: 'e', found: 'line\nbreak', head: 'h' },
    ]);
  });

  it('may leave the records out', async () => {
    const folder = fresh();
    const sink = await openLetters(folder, { records: false });
    await sink.write({ reason: 'missing', issue, record: { secret: 1 } });
    await sink.close();
    expect(linesOf(join(folder, 'dead.ndjson'))).toEqual([{ reason: 'missing', ...issue }]);
  });
});
