import { describe, expect, it } from 'vitest';
import { type SourceConfig, sources, type TableSource } from '../../src/source/index.ts';
import { expectGoingOn, rejects } from './fixture/going-on.ts';
import { messageOf, readings, rowsOf } from './fixture/rows.ts';

type Options = Omit<Extract<SourceConfig, { type: 'memory' }>, 'type'>;
const open = (options: Options): TableSource =>
  sources.build({ type: 'memory', ...options }, { name: 'train' }, 'train') as TableSource;

const records = [
  { x: [0.5, 1], name: 'a', toxic: true },
  { x: Float32Array.of(2, 3), name: null },
  { name: 'c', toxic: 0, other: { deep: [1] } },
];

describe('records', () => {
  it('become columns of the kinds that they have', async () => {
    const source = open({ data: records });
    expect((await source.columns()).map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      'x numbers',
      'name text',
      'toxic number',
      'other mixed',
    ]);
    const all = await readings(source);
    expect(rowsOf(all)).toEqual([
      { x: [0.5, 1], name: 'a', toxic: 1, other: null },
      { x: [2, 3], name: null, toxic: null, other: null },
      { x: null, name: 'c', toxic: 0, other: { deep: [1] } },
    ]);
    expect(all[0]?.table.place(1)).toBe('train, row 2');
    expect(await source.countRows?.()).toBe(3);
  });

  it('of another kind than nearly all, or none at all, are rejected alone', async () => {
    const many = Array.from({ length: 40 }, (_, id) => ({ id, list: id % 2 ? [] : [id] }));
    const all = await readings(open({ data: [...many, { id: 'x' }, 7, { id: 41, list: ['y'] }, { id: 42 }] }));
    expect(rowsOf(all)).toHaveLength(41);
    expect(rejects(all)).toEqual([
      'badType train, row 41: expected a number, true, false or null in column \'id\'; found \'x\' <{"id":"x"}>',
      'malformed train, row 42: expected an object with a value for each column; found 7 <7>',
      'badType train, row 43: expected a list of numbers or null in column \'list\'; found a list of 1 <{"id":41,"list":["y"]}>',
    ]);
  });
});

describe('columns', () => {
  it('are read as they are', async () => {
    const dose = Float32Array.of(1, 2, 3);
    const source = open({ data: { dose, fp: [[1, 2], null, []], name: ['a', 'b', null] } });
    const [whole] = await readings(source);
    const column = whole?.table.columns.get('dose');
    expect(column?.kind === 'number' && column.values.buffer).toBe(dose.buffer);
    expect(rowsOf(await readings(source, { columns: ['name', 'fp'] }))).toEqual([
      { name: 'a', fp: [1, 2] },
      { name: 'b', fp: null },
      { name: null, fp: [] },
    ]);
  });

  it('of different lengths are refused', () => {
    expect(() => open({ data: { a: [1, 2], b: [1] } })).toThrow(
      "train.data: expected columns of one length; found 2 in 'a', 1 in 'b'",
    );
    expect(() => open({ data: { a: 7 } as never })).toThrow(
      'train.data: expected a list of records, or an object of columns; found an object with a',
    );
  });
});

it('goes on anywhere', async () => {
  const rows = Array.from({ length: 50 }, (_, id) => (id % 9 === 4 ? id : { id, list: [id, 1] }));
  await expectGoingOn((cut) => open({ data: rows, ...cut }), [1, 7, 50, 2048]);
  const columns = { id: Float64Array.from({ length: 50 }, (_, id) => id), name: rows.map(String) };
  await expectGoingOn((cut) => open({ data: columns, ...cut }), [1, 7, 50, 2048]);
});

it('has no rows where there are none', async () => {
  expect(await readings(open({ data: [] }))).toEqual([]);
  expect(await readings(open({ data: {} }))).toEqual([]);
});

it('refuses columns and positions that are none', async () => {
  expect(await messageOf(readings(open({ data: records }), { columns: ['nam'] }))).toBe(
    "train: expected a column 'nam'; found 'x', 'name', 'toxic', 'other'\n  hint: did you mean 'name'?",
  );
  expect(await messageOf(readings(open({ data: records }), { from: { row: -1 } }))).toBe(
    'train: expected a position of rows: { row }; found an object with row',
  );
});
