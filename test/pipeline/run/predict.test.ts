import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { ignoreEvents } from '../../../src/core/event.ts';
import { trunklineBackend } from '../../../src/engine/backend.ts';
import { predictCommand } from '../../../src/main/predict.ts';
import { assemble } from '../../../src/pipeline/assemble.ts';
import { loadPipeline, pipelineOf } from '../../../src/pipeline/load.ts';
import { columnsOf, headReaders } from '../../../src/pipeline/run/prediction.ts';
import { train } from '../../../src/pipeline/run/train.ts';
import { folderOf } from '../own.ts';

trunklineBackend();

const count = 24;
/** A table with labels of every kind. */
const data = [
  'id,x,y,yes,risk,answer,grade,low,mid,high,soluble',
  ...Array.from({ length: count }, (_, row) =>
    [
      `"say ""${row}"", or not"`,
      row % 5 === 0 ? '' : row / count,
      1 - row / count,
      row % 2,
      ['"high, really"', 'low', 'mid'][row % 3],
      ['neg', 'pos'][row % 2],
      row % 3,
      ...[0.2, 0.3, 0.5],
      row,
    ].join(','),
  ),
].join('\n');

const yaml = (folder: string): string => `name: kinds
sources:
  train:
    type: csv
    path: "${folder}/data.csv"
    id: id
    features: { both: { standardize: { columns: x|y, missing: mean } } }
    labels:
      yes: {}
      risk: { classes: ["high, really", low, mid] }
      answer: { classes: [neg, pos] }
      grade: {}
      shares: { columns: low|mid|high }
      soluble: { standardize: true }
stream: { from: train, batch: 8 }
model:
  heads:
    - { name: yes, layers: [{ dense: 1 }], loss: binaryCrossentropy }
    - { name: risk, layers: [{ dense: 4 }], loss: sparseCategoricalCrossentropy }
    - { name: answer, layers: [{ dense: 1 }], loss: binaryCrossentropy }
    - { name: grade, layers: [{ dense: 3 }], loss: sparseCategoricalCrossentropy }
    - { name: shares, layers: [{ dense: 3 }], loss: categoricalCrossentropy }
    - { name: soluble, layers: [{ dense: 1 }], loss: meanSquaredError }
engine: { type: onnx-cpu, threads: 1, worker: false }
checkpoint: { directory: "${folder}/run" }
`;

test('predictions name classes as labels do, in every format', async () => {
  const bad = 'id,x,y\na,1,2\nb,3,many\n';
  const folder = folderOf({
    'data.csv': `${data}\n`,
    'none.csv': 'id,x,y\n',
    'bad.csv': bad,
    'bad.tsv': bad.replaceAll(',', '\t'),
  });
  const file = join(folder, 'kinds.yaml');
  writeFileSync(file, yaml(folder));
  await train(await loadPipeline(file), { mode: 'new', clock: systemClock, events: ignoreEvents });
  const said: string[] = [];
  const out = (format: string): string => join(folder, `out.${format}`);
  for (const format of ['csv', 'ndjson', 'parquet'])
    await predictCommand(file, { out: out(format) }, (line) => said.push(line));
  expect(said[0]).toBe(`24 rows of train predicted as of step 3: ${out('csv')}`);

  const records = readFileSync(out('ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, number | string>);
  const columns = [
    'id',
    'yes',
    'risk',
    ...['risk.high, really', 'risk.low', 'risk.mid', 'risk.3'],
    ...['answer', 'answer.neg', 'answer.pos'],
    ...['grade', 'grade.0', 'grade.1', 'grade.2'],
    ...['shares', 'shares.low', 'shares.mid', 'shares.high'],
    'soluble',
  ];
  expect(records).toHaveLength(count);
  for (const [row, record] of records.entries()) {
    expect(Object.keys(record)).toEqual(columns);
    expect(record.id).toBe(`say "${row}", or not`);
    for (const head of ['risk', 'answer', 'grade', 'shares']) {
      const own = columns.filter((name) => name.startsWith(`${head}.`)).map((name) => Number(record[name]));
      expect(own.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 5);
      expect(record[`${head}.${record[head]}`]).toBe(Math.max(...own));
    }
    expect(record.yes).toBeGreaterThan(0);
    expect(record.yes).toBeLessThan(1);
  }
  expect(records[0]?.grade).toEqual(expect.any(Number));

  const db = await (await DuckDBInstance.create(':memory:')).connect();
  const read = async (from: string) =>
    JSON.parse(JSON.stringify((await db.runAndReadAll(`SELECT * FROM ${from}`)).getRowObjects())) as typeof records;
  // DuckDB reads numbers of texts as doubles: they are the same float32.
  const same = (rows: typeof records) =>
    rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, typeof value === 'number' ? Math.fround(value) : value]),
      ),
    );
  expect(same(await read(`'${out('parquet')}'`))).toEqual(same(records));
  expect(same(await read(`read_csv('${out('csv')}', types = {'grade': 'INTEGER'})`))).toEqual(same(records));
  expect(readFileSync(out('csv'), 'utf8').split('\n', 2)[0]).toBe(
    columns.map((name) => (name.includes(',') ? `"${name}"` : name)).join(','),
  );

  for (const name of ['bad.csv', 'bad.tsv']) {
    said.length = 0;
    await predictCommand(file, { data: join(folder, name), out: out('csv') }, (line) => said.push(line));
    expect(said.slice(1)).toEqual([
      '1 record could not be read and is not among them:',
      `  badType × 1: ${folder}/${name}:3: expected DOUBLE in column 'y'; found 'many'`,
    ]);
  }

  const none = { data: join(folder, 'none.csv'), out: out('none.csv') };
  await expect(predictCommand(file, none, () => {})).rejects.toThrow(
    `${none.data}: expected rows to predict; found none`,
  );
  expect(existsSync(none.out)).toBe(false);
  expect(existsSync(`${none.out}.writing`)).toBe(false);

  const over = join(folder, 'data.csv');
  await expect(predictCommand(file, { out: over }, () => {})).rejects.toThrow(
    `--out: expected another file than those that are read; found '${over}'`,
  );
  expect(readFileSync(over, 'utf8')).toBe(`${data}\n`);
  mkdirSync(join(folder, 'kept.csv'));
  await expect(predictCommand(file, { out: join(folder, 'kept.csv') }, () => {})).rejects.toThrow(
    `--out: expected a file; found a folder, '${folder}/kept.csv'`,
  );
  expect(existsSync(join(folder, 'kept.csv'))).toBe(true);
});

test('texts stay texts in a CSV file, as they were in the Parquet file that was trained on', async () => {
  const folder = folderOf({ 'new.csv': 'id,x,code\n007,0.5,10\n008,1,20\n' });
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const rows = `SELECT 'a' || i AS id, i / 10 AS x, (10 * (1 + i % 2))::VARCHAR AS code, i % 2 AS y FROM range(20) t(i)`;
  await connection.run(`COPY (${rows}) TO '${folder}/data.parquet'`);
  const file = join(folder, 'texts.yaml');
  writeFileSync(
    file,
    `name: texts
sources:
  train: { type: parquet, path: "${folder}/data.parquet", id: id, features: { x: tensor, code: oneHot }, labels: { y: {} } }
stream: { from: train, batch: 8 }
model:
  merges: { all: { from: [x, code] } }
  heads: [{ name: y, from: all, layers: [{ dense: 1 }], loss: binaryCrossentropy }]
engine: { type: onnx-cpu, threads: 1, worker: false }
checkpoint: { directory: "${folder}/run" }
`,
  );
  await train(await loadPipeline(file), { mode: 'new', events: ignoreEvents, clock: systemClock });
  const out = join(folder, 'out.csv');
  const said: string[] = [];
  await predictCommand(file, { data: join(folder, 'new.csv'), out }, (line) => said.push(line));
  expect(said).toHaveLength(1);
  expect(readFileSync(out, 'utf8')).toMatch(/^id,y\n007,0\.\d+\n008,0\.\d+\n$/);
});

/** Readers of heads with class labels in a table of one row. */
async function readersOf(
  heads: Readonly<Record<string, { readonly classes?: readonly (string | number | boolean)[] }>>,
  units = 3,
) {
  const row = {
    x: 1,
    ...Object.fromEntries(Object.entries(heads).map(([head, { classes }]) => [head, classes?.[0] ?? 0])),
  };
  const pipeline = await assemble(
    pipelineOf({
      name: 'small',
      sources: { train: { type: 'memory', data: [row], features: { x: 'tensor' }, labels: heads } },
      stream: { from: 'train' },
      model: {
        heads: Object.entries(heads).map(([name, { classes }]) => ({
          name,
          layers: [{ dense: classes?.length === 2 ? 1 : units }],
          loss: classes?.length === 2 ? 'binaryCrossentropy' : 'sparseCategoricalCrossentropy',
        })),
      },
    }),
  );
  return headReaders(pipeline);
}

test('a class has the kind that its labels have, and none is named where nothing finite is predicted', async () => {
  const readers = await readersOf({
    dose: { classes: [1, 2.5, 10] },
    worked: { classes: [false, true] },
    mixed: { classes: ['a', 2, true] },
  });
  expect(readers.map(({ columns: [first] }) => first)).toEqual([
    { name: 'dose', kind: 'float64' },
    { name: 'worked', kind: 'bool' },
    { name: 'mixed', kind: 'text' },
  ]);
  const [dose, worked, mixed] = readers;
  expect(dose?.read(Float32Array.of(9, 9, 9, 0.25, 0.5, 0.25), 1, 2)).toEqual({
    class: 2.5,
    probabilities: { 1: 0.25, 2.5: 0.5, 10: 0.25 },
  });
  expect(worked?.cells(Float32Array.of(0.25), 0, 1)).toEqual({
    worked: false,
    'worked.false': 0.75,
    'worked.true': 0.25,
  });
  expect(mixed?.cells(Float32Array.of(0, 0, 1), 0, 1)).toMatchObject({ mixed: 'true' });
  expect(dose?.read(new Float32Array(3).fill(Number.NaN), 0, 1)).toMatchObject({ class: null });
});

test('a class that the labels do not have is not called like one that they have', async () => {
  const [dose] = await readersOf({ dose: { classes: [1, 2, 3] } }, 5);
  expect(dose?.columns.map(({ name }) => name)).toEqual(['dose', 'dose.1', 'dose.2', 'dose.3', 'dose.#3', 'dose.4']);
  expect(dose?.read(Float32Array.of(0, 0, 0.25, 0.5, 0.25), 0, 1)).toEqual({
    class: '#3',
    probabilities: { 1: 0, 2: 0, 3: 0.25, '#3': 0.5, 4: 0.25 },
  });
});

test('two columns of one name are refused', async () => {
  const readers = await readersOf({ a: { classes: ['b', 'c', 'd'] }, 'a.b': {}, row: {} });
  expect(() => columnsOf(readers, { name: 'row', kind: 'int32' })).toThrow(
    [
      "predictions: expected columns of different names; found two called 'a.b'",
      '  hint: give the head another name',
      "predictions: expected columns of different names; found two called 'row'",
      '  hint: give the head another name',
    ].join('\n'),
  );
});
