import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder of files, gone when the test has ended. @returns its path */
export function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-pipeline-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** Samples with two numbers, a word, and labels of which some are not known. */
export function ownCsv(rows: number): string {
  const lines = Array.from({ length: rows }, (_, row) => {
    const [age, weight] = [20 + ((row * 37) % 61), 40 + ((row * 53) % 83)];
    const kind = ['a', 'b', 'c'][(row * 7) % 3];
    const toxic = row % 5 < 2 ? '' : Number(age > 50);
    const soluble = row % 3 === 0 ? '' : (weight * 0.3).toFixed(1);
    const grade = row % 4 === 0 ? '' : row % 3;
    return [`s${row}`, age, weight, kind, toxic, soluble, grade].join(',');
  });
  return `${['id,age,weight,kind,toxic,soluble,grade', ...lines].join('\n')}\n`;
}

/** A pipeline that trains on `own.csv`. */
export const ownYaml = `name: own
sources:
  train:
    type: csv
    path: "\${FOLDER}/own.csv"
    id: id
    features:
      x: { standardize: { columns: age|weight } }
      kind: { oneHot: { columns: kind } }
    labels:
      toxic: {}
      soluble: { standardize: true }
      grade: {}
  test: { type: csv, path: "\${FOLDER}/test.csv", like: train }
stream: { from: train, shuffle: 100, batch: 32, epochs: 2 }
model:
  merges:
    both: { from: [x, kind] }
  trunk:
    from: both
    layers:
      - dense: { units: 16, activation: relu }
  heads:
    - { name: toxic, layers: [{ dense: 1 }], loss: binaryCrossentropy, metrics: [rocAuc] }
    - { name: soluble, layers: [{ dense: 1 }], loss: meanSquaredError }
    - { name: grade, layers: [{ dense: 3 }], loss: sparseCategoricalCrossentropy }
optimizer: { type: adam, learningRate: 0.01 }
evaluate: { from: test }
`;

/** The pipeline and its data, in a folder. */
export function ownFolder(yaml = ownYaml): { readonly folder: string; readonly file: string } {
  const folder = folderOf({ 'own.csv': ownCsv(200), 'test.csv': ownCsv(60), 'own.yaml': yaml });
  return { folder, file: join(folder, 'own.yaml') };
}
