import { isUtf8 } from 'node:buffer';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as arrow from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SourceConfig, sources, type TableSource } from '../../src/source/index.ts';
import { samples } from '../../src/source/sample.ts';
import type { Reading } from '../../src/source/source.ts';
import { runSql, temporaryFolder } from './fixture/folder.ts';
import { messageOf, readings, rowsOf } from './fixture/rows.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const open = (config: SourceConfig): TableSource =>
  sources.build(config, { name: 'train', where: 'sources.train', folder }, 'sources.train') as TableSource;
const never = new AbortController().signal;

describe('lists of differing lengths', () => {
  type Lists = readonly (readonly (number | null)[] | null)[];
  const writers = {
    parquet: async (lists: Lists) => {
      writeFileSync(at('lists.json'), JSON.stringify(lists.map((fp, id) => ({ id, fp }))));
      const columns = "{ id: 'INTEGER', fp: 'FLOAT[]' }";
      await runSql(`COPY (FROM read_json('${at('lists.json')}', columns = ${columns})) TO '${at('ragged.parquet')}'`);
    },
    ndjson: async (lists: Lists) => {
      writeFileSync(at('ragged.ndjson'), lists.map((fp, id) => JSON.stringify({ id, fp })).join('\n'));
    },
    arrow: async (lists: Lists) => {
      const type = new arrow.List(new arrow.Field('item', new arrow.Float32(), true));
      const table = new arrow.Table({
        id: arrow.vectorFromArray([...lists.keys()], new arrow.Int32()),
        fp: arrow.vectorFromArray(lists, type),
      });
      writeFileSync(at('ragged.arrow'), arrow.tableToIPC(table, 'stream'));
    },
  };
  const lists = fc.array(
    fc.option(
      fc.oneof(
        fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 4 }),
        fc.array(fc.option(fc.integer({ min: 0, max: 9 })), { minLength: 2, maxLength: 2 }),
      ),
    ),
    { minLength: 1, maxLength: 20 },
  );

  it.each(Object.entries(writers))('%s: rows whose list does not fit are rejected alone', async (type, write) => {
    await fc.assert(
      fc.asyncProperty(lists, async (all) => {
        await write([[1, 2], ...all]);
        const source = await samples(open({ type, path: `ragged.${type}` } as SourceConfig), {
          features: { fp: { type: 'tensor', shape: [2] } },
          id: 'id',
          maxRejectShare: 1,
        });
        const found: Reading[] = [];
        for await (const reading of source.read({ signal: never })) found.push(reading);
        const isGood = (list: Lists[number]): boolean => list?.length === 2 && !list.includes(null);
        const ids = found.flatMap(({ chunk }) => chunk.ids ?? []);
        expect(ids).toEqual([[1, 2], ...all].flatMap((list, id) => (isGood(list) ? [String(id)] : [])));
        const rejected = found.flatMap((reading) => reading.rejected);
        const reasonOf = (list: Lists[number]): string =>
          list === null || (list.length === 2 && list.includes(null)) ? 'missing' : 'badLength';
        expect(rejected.map(({ id, reason }) => `${id} ${reason}`).toSorted()).toEqual(
          all.flatMap((list, row) => (isGood(list) ? [] : [`${row + 1} ${reasonOf(list)}`])).toSorted(),
        );
      }),
      { numRuns: 12 },
    );
  });
});

describe('a column of another type in a later file', () => {
  const values = {
    number: ['7::INTEGER', '0.5::DOUBLE', 'TRUE', "DATE '2020-01-02'"],
    text: ["'x'"],
    bytes: ["'\\x00'::BLOB"],
    numbers: ['[1, 2]::INTEGER[]', '[0.5]::FLOAT[]'],
    texts: ["['x']"],
    mixed: ['[[1]]', "{'a': 1}"],
  };
  const all = Object.entries(values).flatMap(([kind, expressions]) => expressions.map((text) => ({ kind, text })));

  it('is read when it is of the same kind, else it is one error with the file', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...all), fc.constantFrom(...all), async (one, other) => {
        await runSql(`COPY (SELECT 1 AS id, ${one.text} AS value) TO '${at('type-1.parquet')}'`);
        await runSql(`COPY (SELECT 2 AS id, ${other.text} AS value) TO '${at('type-2.parquet')}'`);
        const read = readings(open({ type: 'parquet', path: 'type-*.parquet' }));
        if (one.kind === other.kind) expect(rowsOf(await read).map(({ id }) => id)).toEqual([1, 2]);
        else
          expect(await messageOf(read)).toContain(
            `${at('type-2.parquet')}: expected column 'value' to be of kind '${one.kind}', as in the first file; ` +
              `found '${other.kind}' (`,
          );
      }),
      { numRuns: 15 },
    );
  });

  it('that an expression does not fit is one error with the file', async () => {
    await runSql(`COPY (SELECT 1 AS id, 7 AS value) TO '${at('sql-1.parquet')}'`);
    await runSql(`COPY (SELECT 2 AS id, 'x' AS value) TO '${at('sql-2.parquet')}'`);
    const source = open({ type: 'parquet', path: 'sql-*.parquet', where: 'value % 2 = 1', columns: 'id' });
    expect(await messageOf(readings(source))).toMatch(
      `sources.train.where, ${at('sql-2.parquet')}: expected one SQL expression; found 'value % 2 = 1'\n  hint: `,
    );
  });
});

describe('text that is no UTF-8', () => {
  const names = ['ä', '', 'marker', 'longer 😀', null];
  /** Changes what stands where the marker does. */
  const spoil = (bytes: Buffer, noise: Uint8Array, offset: number): Buffer => {
    const place = bytes.indexOf('marker');
    expect(place).toBeGreaterThan(0);
    Buffer.from(noise).copy(bytes, place + offset);
    return bytes;
  };
  const noise = fc.uint8Array({ minLength: 1, maxLength: 3, min: 0x20 });
  const isText = (bytes: Buffer): boolean => isUtf8(bytes.subarray(0, 6));

  it('in Parquet is one error with the file', async () => {
    const values = names.map((name, id) => `(${id}, ${name === null ? 'NULL' : `'${name}'`})`).join();
    await runSql(`COPY (FROM (VALUES ${values}) t(id, name)) TO '${at('utf8.parquet')}' (COMPRESSION uncompressed)`);
    const whole = readFileSync(at('utf8.parquet'));
    await fc.assert(
      fc.asyncProperty(noise, fc.nat(3), async (bytes, offset) => {
        writeFileSync(at('utf8.parquet'), spoil(Buffer.from(whole), bytes, offset));
        const marker = spoil(Buffer.from('.marker'), bytes, offset).subarray(1);
        const read = readings(open({ type: 'parquet', path: 'utf8.parquet' }));
        if (isText(marker)) expect(rowsOf(await read)[2]).toEqual({ id: 2, name: String(marker) });
        else
          expect(await messageOf(read)).toMatch(
            /^.*utf8\.parquet: expected a Parquet file; found Invalid string encoding found in Parquet file /,
          );
      }),
      { numRuns: 20 },
    );
  });

  it.each(['file', 'stream'] as const)(
    'in an Arrow %s is one error with the file, wherever it stands',
    async (form) => {
      const text = new arrow.Utf8();
      const field = new arrow.Field('item', text, true);
      const columns = {
        plain: arrow.vectorFromArray(names, text),
        inLists: arrow.vectorFromArray([names, null, [], ['x']], new arrow.List(field)),
        inStructs: arrow.vectorFromArray(
          names.map((item) => ({ item })),
          new arrow.Struct([field]),
        ),
        inDictionary: arrow.vectorFromArray(names, new arrow.Dictionary(text, new arrow.Int32())),
      };
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...Object.values(columns)), noise, fc.nat(3), async (name, bytes, offset) => {
          const whole = Buffer.from(arrow.tableToIPC(new arrow.Table({ name: name as arrow.Vector }), form));
          writeFileSync(at('utf8.arrow'), spoil(whole, bytes, offset));
          const marker = spoil(Buffer.from('.marker'), bytes, offset).subarray(1);
          const read = readings(open({ type: 'arrow', path: 'utf8.arrow' }));
          if (isText(marker)) expect(JSON.stringify(rowsOf(await read))).toContain(JSON.stringify(String(marker)));
          else
            expect(await messageOf(read)).toBe(
              `${at('utf8.arrow')}: expected an Arrow file or stream; found text that is not in UTF-8`,
            );
        }),
        { numRuns: 60 },
      );
    },
  );

  it('may stand in Arrow where a text is null', async () => {
    const vector = arrow.vectorFromArray(['a', 'marker', 'b'], new arrow.Utf8());
    const data = (vector.data[0] as arrow.Data<arrow.Utf8>).clone(new arrow.Utf8(), 0, 3, 1, [
      vector.data[0]?.valueOffsets,
      vector.data[0]?.values,
      Uint8Array.of(0b101),
      undefined,
    ] as never);
    const bytes = Buffer.from(arrow.tableToIPC(new arrow.Table({ name: new arrow.Vector([data]) }), 'file'));
    writeFileSync(at('utf8.arrow'), spoil(bytes, Uint8Array.of(0xff), 0));
    expect(rowsOf(await readings(open({ type: 'arrow', path: 'utf8.arrow' })))).toEqual(
      ['a', null, 'b'].map((name) => ({ name })),
    );
  });
});

it('a line of JSON of a megabyte is read, and of more than a line may have passed over', async () => {
  const lines = [
    { a: 1, text: 'x'.repeat(1 << 20) },
    { a: 2, text: 'y'.repeat(20 << 20) },
    { a: 3, text: 'z' },
  ];
  writeFileSync(at('long.ndjson.gz'), gzipSync(lines.map((line) => JSON.stringify(line)).join('\n')));
  const source = open({ type: 'ndjson', path: 'long.ndjson.gz', lineBytes: 2 << 20 });
  const all = await readings(source, { columns: ['a'] });
  expect(rowsOf(all)).toEqual([{ a: 1 }, { a: 3 }]);
  expect(all.flatMap(({ rejected }) => rejected).map(({ reason, issue }) => `${reason} ${issue.where}`)).toEqual([
    `lineTooLong ${at('long.ndjson.gz')}:2`,
  ]);
});

describe('a file of lines that unpacks to more than it may', () => {
  it.each([
    ['many lines', Buffer.alloc(1 << 24, '{"a":1}\n')],
    ['one line', Buffer.alloc(1 << 24, ' ')],
    ['nothing but ends of lines', Buffer.alloc(1 << 24, '\n')],
  ])('ndjson, %s', async (_, content) => {
    writeFileSync(at('bomb.ndjson.gz'), gzipSync(content));
    const source = open({ type: 'ndjson', path: 'bomb.ndjson.gz', maxBytes: 1 << 20, kinds: { a: 'number' } });
    expect(await messageOf(readings(source))).toBe(
      `${at('bomb.ndjson.gz')}: expected a file of at most 1.0 MiB once it is unpacked; found more\n` +
        '  hint: raise maxBytes if that is right',
    );
  });
});
