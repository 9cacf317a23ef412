import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as arrow from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SourceConfig, sources, type TableSource } from '../../src/source/index.ts';
import { temporaryFolder } from './fixture/folder.ts';
import { expectGoingOn } from './fixture/going-on.ts';
import { messageOf, readings, rowsOf } from './fixture/rows.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);

type Options = Omit<Extract<SourceConfig, { type: 'arrow' }>, 'type'>;
const open = (options: Options): TableSource =>
  sources.build(
    { type: 'arrow', ...options },
    { name: 'train', where: 'sources.train', folder },
    'sources.train',
  ) as TableSource;

/** Columns of 0 … rows − 1 in batches of so many rows. */
function tableOf(rows: number, batchRows: number): arrow.Table {
  const batches = [];
  for (let start = 0; start < rows; start += batchRows) {
    const ids = Array.from({ length: Math.min(batchRows, rows - start) }, (_, row) => start + row);
    const vectors = {
      id: arrow.vectorFromArray(ids, new arrow.Int32()),
      name: arrow.vectorFromArray(
        ids.map((id) => (id % 3 ? `n${id}` : null)),
        new arrow.Utf8(),
      ),
      fp: arrow.vectorFromArray(
        ids.map((id) => (id % 5 ? [id, id / 2] : null)),
        new arrow.List(new arrow.Field('item', new arrow.Float32(), true)),
      ),
    };
    batches.push(...new arrow.Table(vectors).batches);
  }
  return new arrow.Table(batches);
}

const list = (type: arrow.DataType): arrow.DataType => new arrow.List(new arrow.Field('item', type, true));

describe('what columns hold', () => {
  it.each<[string, arrow.DataType, unknown, string, unknown]>([
    ['bool', new arrow.Bool(), true, 'number', 1],
    ['int8', new arrow.Int8(), -3, 'number', -3],
    ['uint16', new arrow.Uint16(), 65535, 'number', 65535],
    ['uint32', new arrow.Uint32(), 4e9, 'number', 4e9],
    ['int64', new arrow.Int64(), 9007199254740993n, 'number', 9007199254740992],
    ['float32', new arrow.Float32(), 0.5, 'number', 0.5],
    ['float64', new arrow.Float64(), Number.POSITIVE_INFINITY, 'number', Number.POSITIVE_INFINITY],
    ['float16', new arrow.Float16(), 0.5, 'number', 0.5],
    ['date', new arrow.DateMillisecond(), new Date(86_400_000), 'number', 86_400_000],
    ['timestamp', new arrow.TimestampMicrosecond(), 1500, 'number', 1500],
    [
      'decimal',
      new arrow.Decimal(2, 9, 128),
      Uint32Array.of(0xffffff83, 0xffffffff, 0xffffffff, 0xffffffff),
      'number',
      -1.25,
    ],
    ['text', new arrow.Utf8(), 'Ä 😀', 'text', 'Ä 😀'],
    ['dictionary', new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32()), 'x', 'text', 'x'],
    ['binary', new arrow.Binary(), Uint8Array.of(0, 255), 'bytes', Uint8Array.of(0, 255)],
    ['list of int32', list(new arrow.Int32()), [1, null, 3], 'numbers', [1, Number.NaN, 3]],
    ['list of float32', list(new arrow.Float32()), [0.5, 1.5], 'numbers', [0.5, 1.5]],
    ['empty list', list(new arrow.Float64()), [], 'numbers', []],
    [
      'fixed list',
      new arrow.FixedSizeList(2, new arrow.Field('item', new arrow.Float32(), true)),
      [1, 2],
      'numbers',
      [1, 2],
    ],
    ['list of text', list(new arrow.Utf8()), ['a', null, ''], 'texts', ['a', null, '']],
    ['list of lists', list(list(new arrow.Int32())), [[1], [2, 3]], 'mixed', [[1], [2, 3]]],
    ['struct', new arrow.Struct([new arrow.Field('a', new arrow.Int64(), true)]), { a: 5n }, 'mixed', { a: 5 }],
  ])('%s', async (_, type, value, kind, expected) => {
    const vector = arrow.vectorFromArray([null, value, null], type);
    for (const form of ['file', 'stream'] as const) {
      writeFileSync(at('one.arrow'), arrow.tableToIPC(new arrow.Table({ value: vector }), form));
      const source = open({ path: 'one.arrow' });
      expect(await source.columns()).toEqual([{ name: 'value', kind, type: String(vector.type) }]);
      expect(rowsOf(await readings(source))).toEqual([{ value: null }, { value: expected }, { value: null }]);
    }
  });
});

it('goes on anywhere, in files, streams and packed streams', async () => {
  const table = tableOf(100, 17);
  writeFileSync(at('p1.arrow'), arrow.tableToIPC(table, 'file'));
  writeFileSync(at('p2.arrow'), arrow.tableToIPC(table, 'stream'));
  writeFileSync(at('p3.arrow'), gzipSync(arrow.tableToIPC(table, 'stream')));
  await expectGoingOn((cut) => open({ path: 'p*.arrow', ...cut }), [1, 10, 2048], 10);
  await expectGoingOn((cut) => open({ path: 'p*.arrow', where: 'id % 4 <> 1', ...cut }), [1, 10, 2048], 4);
});

it.each(['file', 'stream'] as const)(
  'has nothing more after the end of a %s, and none in an empty one',
  async (form) => {
    writeFileSync(at('end.arrow'), arrow.tableToIPC(tableOf(10, 4), form));
    const source = open({ path: 'end.arrow' });
    const all = await readings(source);
    expect(await readings(source, { from: all.at(-1)?.position ?? null })).toEqual([]);
    writeFileSync(at('end.arrow'), arrow.tableToIPC(new arrow.Table(tableOf(1, 1).schema), form));
    expect(await readings(open({ path: 'end.arrow' }))).toEqual([]);
  },
);

it('chooses by SQL, and computes', async () => {
  writeFileSync(at('one.arrow'), arrow.tableToIPC(tableOf(50, 20), 'file'));
  const source = open({ path: 'one.arrow', where: 'len(fp) = 2 AND id < 8', derive: { sum: 'list_sum(fp)' } });
  expect(rowsOf(await readings(source, { columns: ['id', 'name', 'fp', 'sum'] }))).toEqual(
    [1, 2, 3, 4, 6, 7].map((id) => ({ id, name: id % 3 ? `n${id}` : null, fp: [id, id / 2], sum: id * 1.5 })),
  );
});

describe('files that are broken', () => {
  const file = arrow.tableToIPC(tableOf(40, 13), 'file');
  const stream = arrow.tableToIPC(tableOf(40, 13), 'stream');

  it.each([
    ['empty', Buffer.alloc(0)],
    ['of text', Buffer.from('hello world, no Arrow')],
    ['half', file.subarray(0, file.length >> 1)],
    ['half of a stream', stream.subarray(0, stream.length >> 1)],
  ])('%s: one located error', async (_, bytes) => {
    writeFileSync(at('bad.arrow'), bytes);
    const message = await messageOf(readings(open({ path: 'bad.arrow' })));
    expect(message.startsWith(`${at('bad.arrow')}: expected an Arrow file or stream; found `)).toBe(true);
  });

  it('unpacks no more than it may', async () => {
    writeFileSync(at('bomb.arrow'), gzipSync(Buffer.concat([stream.subarray(0, 64), Buffer.alloc(1 << 24)])));
    expect(await messageOf(readings(open({ path: 'bomb.arrow', maxBytes: 1 << 16 })))).toBe(
      `${at('bomb.arrow')}: expected a file of at most 64.0 KiB once it is unpacked; found more\n` +
        '  hint: raise maxBytes if that is right',
    );
  });

  it('columns of one name', async () => {
    const vector = arrow.vectorFromArray([1]);
    const fields = ['a', 'a'].map((name) => new arrow.Field(name, vector.type));
    const struct = arrow.makeData({
      type: new arrow.Struct(fields),
      children: [vector.data[0], vector.data[0]] as never,
    });
    const table = new arrow.Table([new arrow.RecordBatch(new arrow.Schema(fields), struct as never)]);
    writeFileSync(at('twice.arrow'), arrow.tableToIPC(table, 'file'));
    expect(await messageOf(open({ path: 'twice.arrow' }).columns())).toBe(
      `${at('twice.arrow')}: expected columns with names of their own; found 'a', twice`,
    );
  });

  const vectors = {
    kind: arrow.vectorFromArray(['x', 'y', null, 'x'], new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32())),
    pair: arrow.vectorFromArray(
      [[1, 2], null, [3, 4], [5, 6]],
      new arrow.FixedSizeList(2, new arrow.Field('item', new arrow.Float32())),
    ),
    deep: arrow.vectorFromArray([[[1], []], null, [[2, 3]], []], list(list(new arrow.Int32()))),
    when: arrow.vectorFromArray([1, 2, 3, null], new arrow.TimestampMillisecond('Europe/Berlin')),
    parts: arrow.vectorFromArray(
      [{ a: 1n }, null, { a: 2n }, { a: null }],
      new arrow.Struct([new arrow.Field('a', new arrow.Int64(), true)]),
    ),
    yes: arrow.vectorFromArray([true, false, null, true], new arrow.Bool()),
  };
  const mixed = (['file', 'stream'] as const).map((form) => arrow.tableToIPC(new arrow.Table(vectors), form));

  it('none, of many types', async () => {
    for (const bytes of mixed) {
      writeFileSync(at('mixed.arrow'), bytes);
      const rows = rowsOf(await readings(open({ path: 'mixed.arrow' })));
      expect(rows[0]).toEqual({ kind: 'x', pair: [1, 2], deep: [[1], []], when: 1, parts: { a: 1 }, yes: 1 });
      expect(rows[3]).toEqual({ kind: 'x', pair: [5, 6], deep: [], when: null, parts: { a: null }, yes: 1 });
    }
  });

  it('at any place: rows or one located error, and soon', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(file, stream, ...mixed),
        fc.nat(),
        fc.nat(),
        fc.uint8Array({ minLength: 1, maxLength: 8 }),
        async (whole, cut, place, noise) => {
          const bytes = Buffer.from(whole.subarray(0, cut % 3 === 0 ? cut % whole.length : whole.length));
          Buffer.from(noise).copy(bytes, bytes.length === 0 ? 0 : place % bytes.length);
          writeFileSync(at('bad.arrow'), bytes);
          await readings(open({ path: 'bad.arrow' })).catch((error: Error) => {
            expect(error.name).toMatch(/^(Source|Config)Error$/);
            expect(error.message).toContain(at('bad.arrow'));
          });
        },
      ),
      { numRuns: 200 },
    );
  });
});
