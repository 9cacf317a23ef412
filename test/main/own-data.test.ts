import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folderOf, ownCsv } from '../pipeline/own.ts';
import { trunkline } from './run.ts';

test('own data: init, train, evaluate, and predict on new rows when the old ones are gone', {
  timeout: 300_000,
}, () => {
  const folder = folderOf({ 'own.csv': ownCsv(200), 'new.csv': ownCsv(20) });
  const [data, file, run] = ['own.csv', 'own.yaml', 'run'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  expect(trunkline(['init', data, '--out', file]).stdout).toBe(
    [
      'ids: id',
      'features: 3 columns (numbers; texts that repeat)',
      '  age, weight',
      '  kind',
      'labels: 3 columns, because values are missing in them (1 yes or no, 1 of numbers, 1 of classes)',
      '  toxic, soluble, grade',
      "  where that is wrong: --labels 'a|b'",
      '',
      `written to ${file}; next:`,
      `  trunkline check ${file}`,
      `  trunkline train ${file}`,
      '',
    ].join('\n'),
  );
  expect(trunkline(['init', data, '--out', file])).toEqual({
    status: 2,
    stdout: '',
    stderr: `${file}: expected no file of that name; found one\n  hint: choose another (--out), or write over it (--force)\n`,
  });
  const yaml = readFileSync(file, 'utf8').replace(/epochs: \d+/, 'epochs: 2');
  writeFileSync(file, `${yaml}checkpoint: { directory: "${run}" }\n`);
  const trained = trunkline(['train', file]);
  expect(trained).toMatchObject({ status: 0, stderr: '' });
  expect(trained.stdout).toMatch(/^toxic +\d+ +0\.\d{4} /m);
  const unit = ['losses and errors of soluble', 'in standard deviations of the labels'];
  expect(trained.stdout).toContain(`\n\n${unit.join(': ')}\nrun folder: ${run}\n`);
  expect(readFileSync(join(run, 'report.html'), 'utf8')).toContain(`<dt>${unit[0]}</dt><dd>${unit[1]}</dd>`);
  const scored = trunkline(['evaluate', file, '--source', 'train']).stdout.split('\n');
  expect(scored[0]).toMatch(/^own on train, \d+ rows, as of step \d+$/);
  expect(scored[2]).toMatch(/^head {8}labels {4}loss +rocAuc/);
  expect(scored.slice(-2)).toEqual([unit.join(': '), '']);

  renameSync(data, join(folder, 'gone.csv'));
  const fresh = join(folder, 'new.csv');
  const predicted = trunkline(['predict', file, '--data', fresh]);
  const out = join(run, 'predictions', 'new.parquet');
  expect(predicted).toMatchObject({ status: 0, stderr: '' });
  expect(predicted.stdout).toMatch(new RegExp(`^20 rows of .*new.csv predicted as of step \\d+: ${out}\n$`));
  expect(readdirSync(join(run, 'predictions'))).toEqual(['new.parquet']);
  expect(trunkline(['export', file, '--format', 'onnx'])).toMatchObject({ status: 0, stderr: '' });
  expect(trunkline(['predict', file])).toMatchObject({
    status: 2,
    stderr: `${file}:25:5  sources.test.path: expected a file; found none at '${data}'\n`,
  });
  expect(trunkline(['check', file]).status).toBe(2);
});

test('predict reads a file in the form of those that were trained on', { timeout: 120_000 }, () => {
  const form = (text: string): string =>
    text
      .replaceAll(',', ';')
      .split('\n')
      .map((line, at) => (at % 4 === 3 ? line.replace(/^(\w+);\d+/, '$1;n/a') : line))
      .join('\n');
  const folder = folderOf({
    'own.csv': form(ownCsv(60)),
    // Without the labels, from which something is derived too.
    'new.csv': form(ownCsv(20).replace(/(,[^,\n]*){3}$/gm, '')),
  });
  const file = join(folder, 'own.yaml');
  writeFileSync(
    file,
    `name: own
sources:
  train:
    type: csv
    path: "${join(folder, 'own.csv')}"
    delimiter: ";"
    nullText: ["", n/a]
    types: { age: DOUBLE, soluble: DOUBLE }
    derive: { heavy: ln(weight), dissolved: ln(soluble) }
    where: age IS NULL OR age > 30
    id: id
    features: { x: { standardize: { columns: age|heavy, missing: mean } } }
    labels: { dissolved: { standardize: true } }
stream: { from: train, batch: 8, epochs: 1 }
model: { heads: [{ name: dissolved, layers: [{ dense: 1 }], loss: meanSquaredError }] }
checkpoint: { directory: "${join(folder, 'run')}" }
`,
  );
  expect(trunkline(['train', file])).toMatchObject({ status: 0, stderr: '' });
  const out = join(folder, 'out.ndjson');
  const predicted = trunkline(['predict', file, '--data', join(folder, 'new.csv'), '--out', out]);
  expect(predicted).toMatchObject({ status: 0, stderr: '' });
  const ids = readFileSync(out, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).id);
  expect(ids).toEqual(Array.from({ length: 20 }, (_, row) => `s${row}`));
});
