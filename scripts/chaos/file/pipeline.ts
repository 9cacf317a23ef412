import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mix } from '../../../src/trace/hash.ts';

/** Records of the file, one in `badEvery` of which can't be a sample. */
export const records = 12_000;
export const badEvery = 97;
export const batchRows = 8;
export const heads = ['a', 'b'] as const;

const number = (row: number, salt: number): number => mix(mix(row + 1) ^ salt) * 2 ** -32;

/** Heads that a record has a label of. */
export const labelsOf = (row: number): readonly string[] =>
  row % badEvery === 0 ? [] : heads.filter((_, at) => number(row, 10 + at) < 0.6);

/** Writes the data, unless they are there. */
export function writeRecords(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'records.ndjson');
  const lines = Array.from({ length: records }, (_, row) => {
    const x = row % badEvery === 0 ? 'not a list' : [number(row, 1) - 0.5, number(row, 2) - 0.5, number(row, 3) - 0.5];
    const known = new Set(labelsOf(row));
    const labels = heads.map((head, at) => [head, known.has(head) ? number(row, 1) - number(row, 20 + at) : null]);
    return `${JSON.stringify({ id: `r${row}`, x, ...Object.fromEntries(labels) })}\n`;
  });
  writeFileSync(path, lines.join(''));
  return path;
}

/** Writes the pipeline of one run. */
export function writePipeline(folder: string, name: string, epochs: number): string {
  const path = join(folder, `${name}.yaml`);
  const directory = join(folder, name);
  writeFileSync(
    path,
    `name: ${name}
sources:
  train:
    type: ndjson
    path: ${join(folder, 'records.ndjson')}
    id: id
    features: { x: { tensor: [3] } }
    labels: { columns: "a|b" }
stream: { from: train, shuffle: 500, batch: ${batchRows}, epochs: ${epochs} }
model:
  trunk: [{ dense: { units: 8, activation: tanh } }, { dropout: { rate: 0.2 } }]
  heads:
    - { columns: "a|b", from: trunk, layers: [{ dense: { units: 1 } }], loss: meanSquaredError, denominator: ema }
optimizer: { type: adamw, learningRate: 0.003, weightDecay: 0.01 }
engine: { type: onnx-cpu, threads: 1 }
checkpoint: { directory: ${directory}, everySteps: 400, keep: 3 }
deadLetter: ${join(directory, 'dead-letters.ndjson')}
journal: ${join(directory, 'journal.ndjson')}
`,
  );
  return path;
}
