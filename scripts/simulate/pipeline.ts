import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How long samples and labels wait for each other, in minutes. */
export const ttlMinutes = 60;
/** Heads: one that the pipeline always names, those that labels make, and one that it names for some hours. */
export const heads = { named: 'a', made: ['b', 'c'], added: 'd' } as const;

const head = 'layers: [{ dense: 1 }], loss: meanSquaredError';

/** Writes the pipeline of an hour: another learning rate in each, and the head that is there for some hours. */
export function writePipeline(folder: string, hour: number, hasAdded: boolean): string {
  const path = join(folder, 'day.yaml');
  const directory = join(folder, 'run');
  const added = hasAdded ? `, { name: ${heads.added}, ${head} }` : '';
  writeFileSync(
    path,
    `name: day
sources:
  samples:
    { type: tail, path: ${join(folder, 'samples.ndjson')}, kinds: { id: text, x: numbers },
      id: id, features: { x: { tensor: [4] } } }
  labels:
    { type: tail, path: ${join(folder, 'labels.ndjson')}, kinds: { id: text, labels: mixed },
      id: id, labels: { map: labels } }
stream:
  from: samples
  join: { labels: labels, ttl: ${ttlMinutes}m, time: processing, onLate: drop }
  batch: { rows: 4, timeLimitMs: 30000 }
model:
  trunk: [{ dense: { units: 8, activation: tanh } }, { dropout: { rate: 0.1 } }]
  heads:
    auto: { ${head}, columns: "${heads.made.join('|')}|other-*" }
    max: ${heads.made.length}
    named: [{ name: ${heads.named}, ${head} }${added}]
optimizer: { type: adam, learningRate: ${0.001 * (1 + (hour % 3))} }
engine: { type: onnx-cpu, threads: 1 }
checkpoint: { directory: ${directory}, everyMinutes: 15, keep: 3 }
journal: ${join(directory, 'journal.ndjson')}
metrics: { port: 0 }
`,
  );
  return path;
}
