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
