import { expect, onTestFinished, test } from 'vitest';
import { TrunklineError } from '../../src/core/error.ts';
import { checkCommand } from '../../src/main/check.ts';
import { ownFolder, ownYaml } from '../pipeline/own.ts';

/** What `check` prints, and the error it ends with. */
async function checked(yaml: string): Promise<string> {
  const { folder, file } = ownFolder(yaml);
  const before = process.env.FOLDER;
  process.env.FOLDER = folder;
  onTestFinished(() => {
    if (before === undefined) delete process.env.FOLDER;
    else process.env.FOLDER = before;
  });
  const lines: string[] = [];
  try {
    await checkCommand(file, (line) => lines.push(line));
  } catch (error) {
    if (!(error instanceof TrunklineError)) throw error;
    lines.push(error.message);
  }
  return lines.join('\n').replaceAll(file, 'own.yaml');
}

const onlyTrained = ownYaml.replace('evaluate: { from: test }\n', '').replace(/ {2}test: .*\n/, '');

test('records and labels that are rejected are counted, each reason with its first', async () => {
  expect(await checked(onlyTrained.replace('dense: 3 }], loss: sparse', 'dense: 2 }], loss: sparse'))).toBe(
    [
      "reading all of source 'train', for features that learn from it",
      "source 'train': all 200 samples have 353 labels of 3 heads",
      '  50 records or labels were rejected:',
      "  labelOutOfRange × 50: ${FOLDER}/own.csv:4, column 'grade': expected a class from 0 to 1; found 2",
      'model: x [2], kind [3]; 164 parameters, 3 heads',
      'a run that is interrupted goes on bit for bit',
      '',
      'own.yaml can be trained',
    ].join('\n'),
  );
});

test('too many of them are an error', async () => {
  const yaml = onlyTrained
    .replace('dense: 3 }], loss: sparse', 'dense: 2 }], loss: sparse')
    .replace('    id: id\n', '    id: id\n    minRejects: 10\n');
  expect(await checked(yaml)).toContain("column 'grade': expected a class from 0 to 1; found 2");
  expect(await checked(yaml)).not.toContain('can be trained');
});

test('guards that act at a time that no two runs share', async () => {
  const yaml = `${ownYaml.replace('{ from: test }', '{ from: test, everySteps: 5, plateau: {} }')}guard: { spike: { goBackAfter: 3 } }\n`;
  expect(await checked(yaml)).toContain(
    'a run that is interrupted does not go on bit for bit: ' +
      'guard.spike.goBackAfter: which checkpoint is the newest then depends on when it was written; ' +
      'evaluate.plateau with everySteps: steps under way end before the heads are changed, however many there are\n',
  );
});

test('heads without a label, what is perhaps not meant, and what can’t be repeated', async () => {
  const yaml = ownYaml
    .replace('evaluate: { from: test }\n', '')
    .replace('type: csv\n', 'type: csv\n    where: toxic IS NULL\n')
    .replace('batch: 32,', 'batch: { rows: 32, timeLimitMs: 50 },');
  expect(await checked(yaml)).toBe(
    [
      "reading all of source 'train', for features that learn from it",
      "source 'train': all 80 samples have 113 labels of 2 heads",
      '  none of toxic',
      'model: x [2], kind [3]; 181 parameters, 3 heads',
      'a run that is interrupted does not go on bit for bit: stream.batch.timeLimitMs depends on the clock',
      '',
      'remark: own.yaml:15:3  sources.test: expected a source that is trained on or evaluated; found one that nothing names',
      '  hint: predict may still read it',
      '',
      'own.yaml can be trained',
    ].join('\n'),
  );
});

test('faults of the pipeline come with their places', async () => {
  expect(await checked(ownYaml.replace('own.csv', 'nope.csv').replace('units: 16', 'unit: 16'))).toBe(
    [
      'own.yaml:22:9  model.trunk.layers[0].dense.units: expected a whole number; found nothing',
      "own.yaml:22:18  model.trunk.layers[0].dense.unit: expected an option out of 'units', 'activation', 'useBias', 'kernelInitializer', 'name', 'type'; found 'unit'",
      "  hint: did you mean 'units'?",
    ].join('\n'),
  );
});

/** The same, from a folder that files come into. */
const live = onlyTrained.replace('own.csv"', 'own*.csv"\n    follow: true');

test('of a source without an end, what has to come at an end is an error', async () => {
  const evaluated = live.replace(
    'stream:',
    '  test: { type: csv, path: "${FOLDER}/test*.csv", follow: true, like: train }\nstream:',
  );
  expect(await checked(`${evaluated}evaluate: { from: test }\n`)).toBe(
    [
      "own.yaml:16:49  stream.epochs: expected 1, as that of source 'train' never ends; found 2",
      "own.yaml:1:1  checkpoint: expected a number of steps or minutes; found source 'train', which has no end",
      '  hint: everyMinutes: 5',
      "own.yaml:29:1  evaluate: expected a number of steps; found source 'train', which has no end",
      '  hint: everySteps: 500',
      "own.yaml:29:13  evaluate.from: expected a source with an end; found 'test', which has none",
    ].join('\n'),
  );
  expect(await checked(`${live.replace(', epochs: 2', '')}checkpoint: { everySteps: 10 }\n`)).toBe(
    [
      "reading all of source 'train', for features that learn from it",
      'own.yaml:3:3  sources.train: expected features and labels that need to learn nothing first, as this source has no end; found some that do',
      '  hint: train on a source with an end too, named before this one, and say here: like: <its name>',
    ].join('\n'),
  );
});

test('a source without an end is looked at as far as it is there, and others wait for it', async () => {
  const yaml = live
    .replace(', epochs: 2', '')
    .replace('standardize: { columns: age|weight }', 'tensor: { columns: age|weight }')
    .replace('kind: { oneHot: { columns: kind } }', 'kind: { oneHot: { columns: kind, categories: [a, b, c] } }')
    .replace('soluble: { standardize: true }', 'soluble: {}')
    .replace(
      'stream: { from: train,',
      '  old: { type: csv, path: "${FOLDER}/test.csv", like: train }\nstream: { from: { old: 1, train: 2 },',
    );
  expect(await checked(`${yaml}checkpoint: { everySteps: 10 }\n`)).toBe(
    [
      "source 'old': all 60 samples have 121 labels of 3 heads",
      "source 'train': waits for what is still to come",
      "source 'train': the first 200 samples have 403 labels of 3 heads",
      'model: x [2], kind [3]; 181 parameters, 3 heads',
      'a run that is interrupted goes on bit for bit',
      '',
      'remark: own.yaml:16:27  stream.from.train: expected sources that always have a next row, so that rows of all come as often as is said; found one that waits for rows to come: the others wait with it',
      '',
      'own.yaml can be trained',
    ].join('\n'),
  );
});

test('says which metric does not go with a head', async () => {
  expect(await checked(onlyTrained.replace('metrics: [rocAuc]', 'metrics: [rocAuc, r2]'))).toContain(
    '  model.heads[0].metrics[1]: expected a head that predicts a number; found one that predicts a probability\n',
  );
});

test('a source without rows can not be trained on', async () => {
  const yaml = onlyTrained
    .replace('x: { standardize: { columns: age|weight } }', 'x: { tensor: { columns: age|weight } }')
    .replace('kind: { oneHot: { columns: kind } }', 'kind: { hash: { columns: kind, buckets: 3 } }')
    .replace('soluble: { standardize: true }', 'soluble: {}')
    .replace('    id: id\n', "    id: id\n    where: 'age > 1000'\n");
  expect(await checked(yaml)).toBe('own.yaml:3:3  sources.train: expected rows; found none');
});
