import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SourceConfig, sources, type TableReading, type TableSource } from '../../src/source/index.ts';
import { temporaryFolder } from './fixture/folder.ts';
import { expectGoingOn, rejects } from './fixture/going-on.ts';
import { messageOf, readings, rowsOf } from './fixture/rows.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);

type Options = Omit<Extract<SourceConfig, { type: 'ndjson' }>, 'type'>;
const open = (options: Options): TableSource =>
  sources.build(
    { type: 'ndjson', ...options },
    { name: 'train', where: 'sources.train', folder },
    'sources.train',
  ) as TableSource;

const read = (content: string | Buffer, options: Partial<Options> = {}): Promise<TableReading[]> => {
  writeFileSync(at('one.ndjson'), content);
  return readings(open({ path: 'one.ndjson', ...options }));
};
const lines = (...records: unknown[]): string => records.map((record) => `${JSON.stringify(record)}\n`).join('');

describe('what columns hold', () => {
  it('values of the kind that nearly all have; null where a record has none', async () => {
    const all = await read(
      `\uFEFF${lines({ id: 1, name: 'ä', fp: [1, 2], tags: ['a'], meta: { deep: [1] } }, { id: 2, fp: [] }, { name: null, known: true })}`,
    );
    expect((await open({ path: 'one.ndjson' }).columns()).map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      'id number',
      'name text',
      'fp numbers',
      'tags texts',
      'meta mixed',
      'known number',
    ]);
    expect(rowsOf(all)).toEqual([
      { id: 1, name: 'ä', fp: [1, 2], tags: ['a'], meta: { deep: [1] }, known: null },
      { id: 2, name: null, fp: [], tags: null, meta: null, known: null },
      { id: null, name: null, fp: null, tags: null, meta: null, known: 1 },
    ]);
    expect(all[0]?.table.place(2)).toBe(`${at('one.ndjson')}:3`);
  });

  it('columns that are declared, also of what the first lines do not have', async () => {
    writeFileSync(at('a.ndjson'), lines({ id: 1 }));
    writeFileSync(at('b.ndjson.gz'), gzipSync(lines({ id: 2, rare: 0.5 }, { id: 'x' })));
    const source = open({ path: ['a.ndjson', 'b.ndjson.gz'], kinds: { rare: 'number' } });
    const all = await readings(source);
    expect(rowsOf(all)).toEqual([
      { id: 1, rare: null },
      { id: 2, rare: 0.5 },
    ]);
    expect(rejects(all)).toEqual([
      `badType ${at('b.ndjson.gz')}:2: expected a number, true, false or null in column 'id'; found 'x' <"{\\"id\\":\\"x\\"}">`,
    ]);
    expect(rowsOf(await readings(source, { columns: ['rare'] }))).toEqual([
      { rare: null },
      { rare: 0.5 },
      { rare: null },
    ]);
  });

  it('rows that SQL chooses, and columns that it computes', async () => {
    const rows = Array.from({ length: 5000 }, (_, id) => ({
      id,
      name: id % 3 ? `n${id}` : null,
      fp: [id, id / 2],
      tags: [`t${id % 2}`],
      meta: { deep: id },
    }));
    const all = await read(lines(...rows.slice(0, 4000), 'bad', ...rows.slice(4000)), {
      where: 'id % 2 = 1 AND twice > 10',
      derive: { twice: 'id * 2', deep: "CAST(meta ->> '$.deep' AS DOUBLE)" },
    });
    expect(rowsOf(all)).toEqual(
      rows.filter(({ id }) => id % 2 && id > 5).map((row) => ({ ...row, twice: row.id * 2, deep: row.id })),
    );
    expect(rejects(all)).toEqual([
      `malformed ${at('one.ndjson')}:4001: expected an object with a value for each column; found 'bad' <"\\"bad\\"">`,
    ]);
    const bytes = await readings(open({ path: 'one.ndjson', where: "name = 'n1'" }));
    expect(bytes.map(({ table }) => table.place(0))).toContain(`${at('one.ndjson')}:2`);
    const stolen = open({
      path: 'one.ndjson',
      derive: { stolen: `(SELECT content FROM read_text('${at('one.ndjson')}'))` },
    });
    expect(await messageOf(readings(stolen))).toMatch(/file system operations are disabled by configuration/);
  });
});

describe('bad lines', () => {
  it('are rejected alone, with line, reason and text', async () => {
    const content = Buffer.concat([
      Buffer.from(`{"id":1}\n{"id":2,\n\n[1]\nnull\r\n{"id":3} trailing\n{"id":"`),
      Buffer.from([0xff]),
      Buffer.from(`"}\n{"id":4,"long":"${'x'.repeat(200)}"}\n{"id":5}`),
    ]);
    const all = await read(content, { lineBytes: 100, kinds: { id: 'number' } });
    expect(rowsOf(all).map(({ id }) => id)).toEqual([1, 5]);
    const found = rejects(all).map((text) => text.replace(at('one.ndjson'), '.'));
    expect(found.map((text) => text.split(': expected')[0])).toEqual([
      'malformed .:2',
      'malformed .:4',
      'malformed .:5',
      'malformed .:6',
      'encoding .:7',
      'lineTooLong .:8',
    ]);
    expect(found[0]).toMatch(/^malformed \.:2: expected an object of JSON; found .+ <"\{\\"id\\":2,">$/s);
    expect(found[1]).toBe('malformed .:4: expected an object with a value for each column; found a list of 1 <"[1]">');
    expect(found[5]).toMatch(/found a longer one <"\{\\"id\\":4,\\"long\\":\\"x+\\"\}">$/);
  });

  it('that name a value twice are rejected: nobody could say which is meant', async () => {
    const all = await read('{"id":1,"id":9}\n{"id":2,"meta":{"a":":","b":{"c":1,"c":1}}}\n{"id":3,"at":"10:30"}\n');
    expect(rowsOf(all)).toEqual([{ id: 3, at: '10:30' }]);
    expect(rejects(all)).toEqual([
      `duplicateKey ${at('one.ndjson')}:1: expected each key of an object once; found 'id' more than once <"{\\"id\\":1,\\"id\\":9}">`,
      `duplicateKey ${at('one.ndjson')}:2: expected each key of an object once; found 'c' more than once <"{\\"id\\":2,\\"meta\\":{\\"a\\":\\":\\",\\"b\\":{\\"c\\":1,\\"c\\":1}}}">`,
    ]);
  });

  it.each([
    ['', 'none at its beginning'],
    ['no JSON at all\n', 'none at its beginning'],
  ])('a file of none: %j', async (content, found) => {
    expect(await messageOf(read(content))).toBe(
      `${at('one.ndjson')}: expected lines with an object of JSON each; found ${found}`,
    );
  });
});

describe('any content', () => {
  const line = fc.oneof(
    fc.json(),
    fc
      .record({ a: fc.oneof(fc.double(), fc.string()), b: fc.array(fc.integer()) }, { requiredKeys: [] })
      .map((record) => JSON.stringify(record)),
    fc.constantFrom('', '{', '\r', '\0', '{"a":1}', '{"__proto__":1,"constructor":2}', '[]', '"'),
  );

  it('ends in rows and rejects, or in one located error', async () => {
    const content = fc.oneof(
      fc.array(line, { maxLength: 30 }).map((all) => Buffer.from(all.join('\n'))),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    );
    await fc.assert(
      fc.asyncProperty(content, fc.constantFrom(8, 64, 1 << 20), async (bytes, lineBytes) => {
        const all = await read(bytes, { lineBytes }).catch((error: Error) => {
          expect(error.message.startsWith(at('one.ndjson'))).toBe(true);
          return [];
        });
        const places = all.flatMap(({ table, rejected }) => [
          ...Array.from({ length: table.rows }, (_, row) => table.place(row)),
          ...rejected.map(({ issue }) => issue.where),
        ]);
        expect(new Set(places).size).toBe(places.length);
      }),
      { numRuns: 150 },
    );
  });

  it('is read on from any position, in any shard, packed or not, chosen by SQL or not', async () => {
    const text = Array.from({ length: 90 }, (_, id) =>
      id % 8 === 5 ? `bad ${id}` : id % 7 === 0 ? '' : JSON.stringify({ id, list: [id] }),
    ).join('\n');
    writeFileSync(at('p1.ndjson'), text);
    writeFileSync(at('p2.ndjson'), gzipSync(text));
    await expectGoingOn((cut) => open({ path: 'p*.ndjson', lineBytes: 40, ...cut }), [1, 5, 2048]);
    await expectGoingOn((cut) => open({ path: 'p*.ndjson', where: 'id % 3 <> 1', ...cut }), [1, 5, 2048], 5);
  });
});

it('goes on in the middle of a file of many blocks', async () => {
  const text = Array.from({ length: 30_000 }, (_, id) =>
    id % 1000 === 3 ? 'bad' : JSON.stringify({ id, text: 'x'.repeat(id % 400) }),
  ).join('\n');
  writeFileSync(at('many.ndjson'), text);
  const source = open({ path: 'many.ndjson', columns: 'id' });
  const all = await readings(source);
  expect(rowsOf(all)).toHaveLength(29_970);
  for (const stop of [0, 7, all.length - 2]) {
    const rest = await readings(source, { from: all[stop]?.position ?? null });
    expect(rowsOf(rest)).toEqual(rowsOf(all.slice(stop + 1)));
    expect(rejects(rest)).toEqual(rejects(all.slice(stop + 1)));
  }
});
