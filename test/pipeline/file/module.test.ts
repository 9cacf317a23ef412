import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { trunklineBackend } from '../../../src/engine/backend.ts';
import { assemble } from '../../../src/pipeline/assemble.ts';
import { loadPipeline } from '../../../src/pipeline/load.ts';
import { trunkline } from '../../main/run.ts';
import { folderOf, ownCsv } from '../own.ts';

trunklineBackend();

const layersEntry = import.meta.resolve('@tensorflow/tfjs-layers');

const program = (folder: string): string => `
import { definePipeline } from 'trunkline';
import { layers } from ${JSON.stringify(layersEntry)};

const units: number = 8;

export default definePipeline({
  name: 'made',
  sources: {
    train: {
      type: 'csv',
      path: ${JSON.stringify(join(folder, 'own.csv'))},
      features: { x: { standardize: { columns: 'age|weight' } } },
      labels: { columns: 'toxic' },
    },
  },
  stream: { from: 'train', batch: 32 },
  model: {
    trunk: [() => layers.dense({ units, activation: 'relu', name: 'own' })],
    heads: [{ name: 'toxic', layers: [{ dense: 1 }], loss: 'binaryCrossentropy' }],
  },
});
`;

test('a pipeline in TypeScript has layers of its own, and the same checks', { timeout: 60_000 }, () => {
  const folder = folderOf({ 'own.csv': ownCsv(100), 'package.json': '{ "type": "module" }' });
  const files = folderOf({
    'made.mts': program(folder),
    'wrong.mts': program(folder).replace("'x'", "'y'").replace('batch: 32', 'bacth: 32'),
  });
  const checked = trunkline(['check', join(files, 'made.mts')]);
  expect(checked).toMatchObject({ status: 0, stderr: '' });
  expect(checked.stdout).toContain('model: x [2]; 33 parameters, 1 head\n');
  // Nothing beside it says that it is a module.
  const script = join(folderOf({ 'made.ts': program(folder) }), 'made.ts');
  expect(trunkline(['check', script])).toEqual({
    status: 2,
    stdout: '',
    stderr: `${script}: expected a module that can be loaded; found one that Node takes for a script (CommonJS)\n  hint: name it .mts, or say "type": "module" in the package.json beside it\n`,
  });
  const wrong = trunkline(['check', join(files, 'wrong.mts')]);
  expect(wrong).toMatchObject({ status: 2, stdout: '' });
  expect(wrong.stderr).toBe(
    `${join(files, 'wrong.mts')}  stream.bacth: expected an option out of 'from', 'join', 'route', 'record', 'shuffle', 'reservoir', 'batch', 'epochs', 'steps'; found 'bacth'\n  hint: did you mean 'batch'?\n`,
  );
});

describe('a module', () => {
  const plain = `export default { name: 'made', sources: { train: { type: 'generator', rows: 50, size: 4, heads: 2,
    features: { x: { tensor: [4] } }, labels: { columns: 'head*' } } }, stream: { from: 'train' },
    model: { heads: [{ columns: '*', layers: [() => undefined], loss: 'hinge' }] } };`;

  test('may be JavaScript; a manifest shows functions for what they are', async () => {
    const folder = folderOf({ 'made.mjs': plain });
    const { written, config } = await loadPipeline(join(folder, 'made.mjs'), {});
    expect(config.name).toBe('made');
    expect(JSON.stringify(written)).toContain('"layers":["a function"]');
  });

  test('faults of its model have the place of the option', async () => {
    const folder = folderOf({ 'made.mjs': plain });
    const file = join(folder, 'made.mjs');
    await expect(assemble(await loadPipeline(file, {}))).rejects.toThrow(
      `${file}  model.heads[0].layers[0]: expected a layer that takes [batch, 4]; found one that does not: `,
    );
  });

  test.each([
    [
      'no default export',
      'export const pipeline = 1;',
      "expected a default export: the pipeline; found 'pipeline'\n  hint: export default definePipeline({ … })",
    ],
    ['an error of its own', "throw new Error('own');", 'expected a module that can be loaded; found own'],
  ])('%s is an error with its name', async (_, text, message) => {
    const file = join(folderOf({ 'bad.mjs': text }), 'bad.mjs');
    await expect(loadPipeline(file, {})).rejects.toThrow(`${file}: ${message}`);
  });

  test('that is not there is no module', async () => {
    await expect(loadPipeline('nowhere.ts', {})).rejects.toThrow(
      'nowhere.ts: expected a pipeline; found no file of that name',
    );
  });

  test('JSON is read with places', async () => {
    const file = join(folderOf({ 'p.json': '{\n  "name": "a b"\n}\n' }), 'p.json');
    await expect(loadPipeline(file, {})).rejects.toThrow(`${file}:2:3  name: expected text like`);
  });
});
