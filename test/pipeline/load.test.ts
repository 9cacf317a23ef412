import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadPipeline } from '../../src/pipeline/load.ts';
import { folderOf } from './own.ts';

/** What is wrong with a pipeline, without the folder's name. */
async function faultsOf(text: string): Promise<readonly string[]> {
  const folder = folderOf({ 'p.yaml': text });
  const error: unknown = await loadPipeline(join(folder, 'p.yaml'), {}).catch((reason: unknown) => reason);
  return (error instanceof Error ? error.message : 'nothing').replaceAll(`${folder}/`, '').split('\n');
}

const model = 'model: { heads: [{ name: y, layers: [{ dense: 1 }], loss: meanSquaredError }] }';

test('a variable that is not set hides no other mistake of the file, and makes none up', async () => {
  expect(
    await faultsOf(`name: p
sources:
  train: { type: csv, path: "\${DATA}/x.csv", features: { x: tensor }, labels: { y: {} }, lineBytes: many }
stream:
  from: train
  bach: 8
  batch: \${ROWS}
  shuffle: \${WINDOW}
optimizer:
  type: \${RULE}
${model}
`),
  ).toEqual([
    "p.yaml:3:23  sources.train.path: expected the environment variable 'DATA'; found none of that name",
    '  hint: set it, or give a default: ${DATA:-default}',
    "p.yaml:7:3  stream.batch: expected the environment variable 'ROWS'; found none of that name",
    '  hint: set it, or give a default: ${ROWS:-default}',
    "p.yaml:8:3  stream.shuffle: expected the environment variable 'WINDOW'; found none of that name",
    '  hint: set it, or give a default: ${WINDOW:-default}',
    "p.yaml:10:3  optimizer.type: expected the environment variable 'RULE'; found none of that name",
    '  hint: set it, or give a default: ${RULE:-default}',
    "p.yaml:3:90  sources.train.lineBytes: expected a whole number; found 'many'",
    expect.stringMatching(/^p\.yaml:6:3 {2}stream\.bach: expected an option out of 'from', .*; found 'bach'$/),
    "  hint: did you mean 'batch'?",
  ]);
});

test('a variable that is not set is the only fault of a file that has no other', async () => {
  expect(
    await faultsOf(`name: p
sources: { train: { type: csv, path: "\${DATA}/x.csv", features: { x: tensor }, labels: { y: {} } } }
stream:
  from: train
  batch: \${ROWS:-8}
${model}
`),
  ).toEqual([
    "p.yaml:2:32  sources.train.path: expected the environment variable 'DATA'; found none of that name",
    '  hint: set it, or give a default: ${DATA:-default}',
  ]);
});
