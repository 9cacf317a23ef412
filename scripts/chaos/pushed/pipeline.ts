import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The head that the pipeline names, and those that are made of labels, one after the other as more samples are sent. */
export const heads = ['a', 'b', 'c', 'd', 'e', 'f'] as const;
export const headEverySamples = 300;

/** Writes a pipeline that is sent samples, and their labels apart from them, of heads that nobody named too. */
export function writePipeline(folder: string, directory: string): string {
  const path = join(folder, 'pushed.yaml');
  writeFileSync(
    path,
    `name: pushed
sources:
  samples:
    type: http
    columns: { id: text, x: numbers, a: number }
    id: id
    features: { x: { tensor: [3] } }
    labels: { columns: a }
  labels:
    type: http
    records: labels
    columns: { id: text, labels: mixed }
    id: id
    labels: { map: labels }
stream:
  from: samples
  join: { labels: labels, ttl: 7d, time: processing, onLate: train }
  batch: { rows: 8, timeLimitMs: 50 }
model:
  trunk: [{ dense: { units: 8, activation: tanh } }]
  heads:
    auto: { layers: [{ dense: { units: 1 } }], loss: meanSquaredError, denominator: ema }
    max: ${heads.length - 1}
    named: [{ name: a, layers: [{ dense: { units: 1 } }], loss: meanSquaredError, denominator: ema }]
optimizer: { type: adam, learningRate: 0.003 }
engine: { type: onnx-cpu, threads: 1 }
checkpoint: { directory: ${directory}, everySteps: 40, keep: 3 }
journal: ${join(directory, 'journal.ndjson')}
http: { port: 0 }
metrics: { port: 0 }
`,
  );
  return path;
}
