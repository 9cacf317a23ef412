import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { reproducePipeline } from '../../../scripts/reproduce/pipeline.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trunkline-reproduce-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a pipeline is trained once with each seed, and its heads are averaged', { timeout: 240_000 }, async () => {
  const rows = Array.from({ length: 64 }, (_, at) => [
    at % 4 < 2 ? 1 : -1,
    Math.cos(at),
    at % 4 < 2 ? 1 : 0,
    at % 2 ? '' : 1,
  ]);
  writeFileSync(join(folder, 'rows.csv'), ['a,b,sign,one', ...rows].join('\n'));
  writeFileSync(
    join(folder, 'small.yaml'),
    `name: small
sources:
  train:
    type: csv
    path: ${folder}/rows.csv
    features: { x: { tensor: { columns: "a|b" } } }
    labels: { columns: "sign|one" }
  test: { type: csv, path: ${folder}/rows.csv, like: train }
stream: { from: train, batch: 16, epochs: 20 }
model:
  heads:
    - { columns: "sign|one", layers: [{ dense: { units: 1 } }], loss: binaryCrossentropy, metrics: [rocAuc, accuracy] }
optimizer: { type: adam, learningRate: 0.1 }
evaluate: { from: test, everyEpochs: 20 }
`,
  );
  const said: string[] = [];
  const directory = join(folder, 'runs');
  await reproducePipeline({ file: join(folder, 'small.yaml'), seeds: 2, directory, say: (line) => said.push(line) });
  expect(readdirSync(directory).sort()).toEqual(['small-0', 'small-1']);
  // 'one' is always yes: it has no ROC curve, and does not count in the mean.
  const scores = 'rocAuc 1.0000, accuracy 1.0000';
  expect(said).toEqual([
    `  epoch 20, test: ${scores}`,
    `small seed 0, test: ${scores}`,
    `  epoch 20, test: ${scores}`,
    `small seed 1, test: ${scores}`,
    [
      'source  metric    mean over heads, 2 seeds  published',
      '─────────────────────────────────────────────────────',
      'test    rocAuc    1.000 ± .000',
      'test    accuracy  1.000 ± .000',
    ].join('\n'),
  ]);
});
