import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { z } from 'zod';
import { formatIssue } from '../../src/core/error.ts';
import { fitFeatures, mappingSchema, samples, sources, tableOf } from '../../src/source/index.ts';
import { readAll, recordSource, tableSource } from './sample-table.ts';

const never = new AbortController().signal;

describe('samples of another table', () => {
  const train = [
    { a: 0, b: 'u', y: 1 },
    { a: 4, b: 'v', y: 3 },
  ];
  const config = {
    features: { a: 'standardize' as const, b: 'oneHot' as const },
    labels: { columns: 'y', standardize: true },
  };

  it('share what was fitted on the training source', async () => {
    const source = await samples(recordSource(train), config);
    const test = await samples(recordSource([{ y: 5, b: 'v', a: 2 }]), {}, { like: source });
    expect(test.needsFit).toBe(true);
    await fitFeatures(source, never);
    expect(test.needsFit).toBe(false);
    const [reading] = await readAll(test);
    expect(reading?.chunk.inputs.a).toMatchObject({ values: Float32Array.of(0) });
    expect(reading?.chunk.inputs.b).toMatchObject({ places: Int32Array.of(1), size: 2 });
    expect(reading?.chunk.labels.y?.values).toEqual(Float32Array.of(3));
  });

  it('may have no labels, for predictions', async () => {
    const source = await samples(recordSource(train), config);
    await fitFeatures(source);
    const unlabelled = recordSource([{ a: 2, b: 'u' }]);
    await expect(samples(unlabelled, {}, { like: source })).rejects.toThrow(
      "train.labels.columns: expected a column 'y'; found 'a', 'b'",
    );
    const predicted = await samples(unlabelled, {}, { like: source, labels: false });
    const [reading] = await readAll(predicted);
    expect(reading?.chunk).toMatchObject({ rows: 1, labels: {} });
  });

  it('need the same columns', async () => {
    const source = await samples(recordSource(train), config);
    await expect(
      samples(recordSource([{ A: 2, b: 'u', y: 1 }]), {}, { like: source, where: 'sources.test' }),
    ).rejects.toThrow("sources.test.features.a: expected a column 'a'; found 'A', 'b', 'y'");
  });
});

describe('rejected rows', () => {
  const rows = Array.from({ length: 400 }, (_, at) => ({ x: at % 3 === 0 ? null : at, y: at % 5 === 0 ? 'no' : 1 }));
  const config = { features: { x: 'tensor' as const }, labels: { columns: 'y' } };

  it('stop reading when they are too many, with a summary', async () => {
    const source = await samples(recordSource(rows, 50), { ...config, maxRejectShare: 0.25, minRejects: 60 });
    await expect(readAll(source)).rejects.toThrow(
      `train: expected at most 25 % of rows rejected; found 70 of 150: 50 missing, 20 badType of labels
  hint: the first of them follow; set maxRejectShare to go on in spite of them
train, record 0, input 'x': expected a number; found null or NaN
train, record 3, input 'x': expected a number; found null or NaN
train, record 6, input 'x': expected a number; found null or NaN
train, record 9, input 'x': expected a number; found null or NaN
train, record 12, input 'x': expected a number; found null or NaN`,
    );
    const patient = await samples(recordSource(rows, 50), { ...config, maxRejectShare: 0.5 });
    expect((await readAll(patient)).flatMap(({ rejected }) => rejected)).toHaveLength(134 + 53);
  });

  it('are too many when they are all, however few', async () => {
    const few = [
      { x: null, y: 1 },
      { x: { some: 'thing' }, y: 1 },
    ];
    const source = await samples(recordSource(few), config);
    await expect(readAll(source)).rejects.toThrow(
      /^train: expected at most 10 % of rows rejected; found 2 of 2: 1 badType, 1 missing\n/,
    );
    expect((await readAll(source, 1))[0]?.rejected).toHaveLength(1);
  });
});

describe('times', () => {
  it.each([
    ['2024-05-01T12:00:00Z', Date.UTC(2024, 4, 1, 12)],
    ['2024-05-01 12:00', Date.UTC(2024, 4, 1, 12)],
    ['2024-05-01', Date.UTC(2024, 4, 1)],
    ['2024-05-01T12:00:00.250+02:00', Date.UTC(2024, 4, 1, 10, 0, 0, 250)],
    ['2024-05-01T12:00:00-0130', Date.UTC(2024, 4, 1, 13, 30)],
    ['2024-05-01T12:00:00+02', Date.UTC(2024, 4, 1, 10)],
    [1714564800000, 1714564800000],
  ])('%s', async (time, expected) => {
    const source = await samples(recordSource([{ x: 1, t: time }]), { features: { x: 'tensor' }, time: 't' });
    expect((await readAll(source))[0]?.chunk.timesMs).toEqual(Float64Array.of(expected));
  });

  it('are seconds when told so; what is none is rejected', async () => {
    const rows = [5, 'soon', null, '2024-13-01', '01/02/2024'].map((t) => ({ x: 1, t }));
    const config = { features: { x: 'tensor' as const }, time: { column: 't', unit: 's' as const }, maxRejectShare: 1 };
    const [reading] = await readAll(await samples(recordSource(rows), config));
    expect(reading?.chunk.timesMs).toEqual(Float64Array.of(5000));
    expect(reading?.rejected.map(({ issue }) => formatIssue(issue))).toEqual([
      "train, record 1, column 't': expected a time, as 2024-05-01T12:00:00Z; found soon",
      "train, record 2, column 't': expected a time; found null",
      "train, record 3, column 't': expected a time, as 2024-05-01T12:00:00Z; found 2024-13-01",
      "train, record 4, column 't': expected a time, as 2024-05-01T12:00:00Z; found 01/02/2024",
    ]);
  });
});

describe('a table of records', () => {
  it('has columns of the kinds that values have', () => {
    const { table, rejected } = tableOf(
      [
        { n: 1, b: true, t: 'x', l: [1, null], s: ['a'], m: 1, e: [] },
        'text',
        { n: null, b: false, l: [], s: [], m: 'x', late: 2, e: null },
        null,
        [1],
      ],
      { name: 'body', first: 10 },
    );
    expect(table.rows).toBe(2);
    expect(table.keys).toEqual(Int32Array.of(10, 12));
    expect(table.place(1)).toBe('body, record 12');
    expect(Object.fromEntries([...table.columns].map(([name, { kind }]) => [name, kind]))).toEqual({
      n: 'number',
      b: 'number',
      t: 'text',
      l: 'numbers',
      s: 'texts',
      m: 'mixed',
      late: 'number',
      e: 'numbers',
    });
    expect(table.columns.get('l')).toEqual({
      kind: 'numbers',
      starts: Int32Array.of(0, 2, 2),
      values: Float64Array.of(1, Number.NaN),
      valid: Uint8Array.of(1, 1),
    });
    expect(rejected.map(({ issue }) => formatIssue(issue))).toEqual([
      "body, record 11: expected an object with a value for each column; found 'text'",
      'body, record 13: expected an object with a value for each column; found null',
      'body, record 14: expected an object with a value for each column; found a list of 1',
    ]);
  });

  it('takes whatever JSON has', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue(), { maxLength: 8 }), async (records) => {
        const { table, rejected } = tableOf(records);
        expect(table.rows + rejected.length).toBe(records.length);
        for (const column of table.columns.values())
          expect('starts' in column ? column.starts.length - 1 : column.values.length).toBe(table.rows);
      }),
    );
  });

  it('gives samples', async () => {
    const { table } = tableOf([
      { x: [1, 2], y: 'no' },
      { x: [3], y: 'yes' },
    ]);
    const config = { features: { x: { tensor: [2] } }, labels: { y: { classes: ['no', 'yes'] } }, maxRejectShare: 1 };
    const [reading] = await readAll(await samples(tableSource(table), config));
    expect(reading?.chunk).toMatchObject({
      rows: 1,
      labels: { y: { values: Int32Array.of(0), present: Uint8Array.of(1) } },
    });
  });
});

test('a mapping has a JSON Schema', () => {
  const json = JSON.parse(JSON.stringify(z.toJSONSchema(mappingSchema, { io: 'input' })));
  expect(json.additionalProperties).toBe(false);
  expect(json.properties.labels.anyOf).toHaveLength(4);
  expect(json.properties.features.additionalProperties.anyOf.length).toBeGreaterThan(11);
});

test('real tables with missing labels: tox21', async (context) => {
  const path = fileURLToPath(new URL('../../../shared/data/tox21/assay_train.parquet', import.meta.url));
  context.skip(!existsSync(path), `needs ${path}`);
  const table = sources.build({ type: 'parquet', path }, { name: 'train' }, 'train');
  const source = await samples(table, {
    features: { fp: { multiHot: 2048 } },
    labels: { columns: 'NR-*|SR-*' },
    id: 'smiles',
  });
  expect(source.heads).toHaveLength(12);
  let [rows, labels] = [0, 0];
  for (const { chunk, rejected } of await readAll(source)) {
    rows += chunk.rows;
    expect(rejected).toEqual([]);
    for (const { present } of Object.values(chunk.labels)) labels += present.reduce((sum, is) => sum + is, 0);
  }
  expect(rows).toBe(8090);
  expect(labels / (rows * 12)).toBeCloseTo(0.667, 3);
});
