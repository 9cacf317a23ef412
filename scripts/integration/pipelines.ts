import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';

const root = new URL('../../', import.meta.url);

/** Public data sets, which are not part of the repository. */
const data = process.env.TRUNKLINE_DATA ?? fileURLToPath(new URL('../shared/data', root));

/** A pipeline file, and what it trains. */
export interface Written {
  readonly path: string;
  readonly trains: string;
}

/**
 * A pipeline of ours that trains until it is stopped, and is scored while it does: that of Tox21, or the first one where
 * its data are not.
 */
export function trained(folder: string): Written {
  const hasData = existsSync(join(data, 'tox21/assay_train.parquet'));
  const file = hasData ? 'tox21-assay' : 'quickstart';
  const text = readFileSync(new URL(`pipelines/${file}.yaml`, root), 'utf8');
  // biome-ignore lint/suspicious/noExplicitAny: a pipeline file as it stands
  const pipeline = parse(text.replaceAll('${TRUNKLINE_DATA:-data}', data)) as any;
  pipeline.stream.epochs = 'endless';
  for (const head of pipeline.model.heads) head.prequential = true;
  pipeline.evaluate = { from: 'test', everySteps: 100 };
  pipeline.checkpoint = { directory: join(folder, file), everySteps: 100, keep: 2 };
  pipeline.deadLetter = join(folder, `${file}-dead.ndjson`);
  pipeline.metrics = { port: 0 };
  const path = join(folder, `${file}.yaml`);
  writeFileSync(path, stringify(pipeline));
  return { path, trains: hasData ? `pipelines/${file}.yaml` : `pipelines/${file}.yaml (there is no ${data}/tox21)` };
}

/** A pipeline that samples are sent to, and their labels apart from them. */
export function sentTo(folder: string): Written {
  const path = join(folder, 'live.yaml');
  writeFileSync(
    path,
    `name: live
sources:
  seen: { type: http, columns: { id: text, x: numbers }, id: id, features: { x: { type: tensor, shape: [4] } } }
  labels: { type: http, records: labels, columns: { id: text, toxic: number, size: number }, id: id, labels: { toxic: {}, size: {} } }
stream: { from: seen, join: { labels: labels, ttl: 2s, time: processing, onLate: train }, batch: 8 }
model:
  trunk: [{ dense: { units: 8, activation: tanh } }]
  heads:
    - { columns: toxic, layers: [{ dense: { units: 1 } }], loss: binaryCrossentropy }
    - { columns: size, layers: [{ dense: { units: 1 } }], loss: meanSquaredError }
engine: { type: onnx-cpu, threads: 1 }
checkpoint: { directory: ${join(folder, 'live')}, everySteps: 50, keep: 2 }
http: { port: 0 }
metrics: { port: 0 }
`,
  );
  return { path, trains: 'samples and labels that are sent by HTTP' };
}

/** Sends samples and their labels, some of which can't be used; one round after the other, each of its own. */
export async function send(url: string, round: number): Promise<void> {
  const ids = Array.from({ length: 64 }, (_, at) => `r${round}-${at}`);
  const at = (id: number): number[] => [0, 1, 2, 3].map((place) => Math.sin(round + 7 * id + place));
  const samples: object[] = ids.map((id, row) => ({ id, x: at(row) }));
  // Not a sample; one that is known; and one whose label never comes.
  samples.push({ id: `b${round}`, x: [1, 2] }, { id: ids[0], x: at(0) }, { id: `w${round}`, x: at(1) });
  const labels: object[] = ids.map((id, row) => ({ id, toxic: row % 2, ...(row % 3 ? { size: Math.cos(row) } : {}) }));
  // Not a class; one without its sample; one that was there.
  labels.push({ id: ids[1], toxic: 7, size: 1 }, { id: `o${round}`, toxic: 1 }, { id: ids[2], toxic: 0 });
  await post(`${url}/v1/samples`, samples);
  await post(`${url}/v1/labels`, labels);
}

async function post(url: string, records: readonly object[]): Promise<void> {
  const body = records.map((record) => `${JSON.stringify(record)}\n`).join('');
  const headers = { 'content-type': 'application/x-ndjson' };
  const response = await fetch(url, { method: 'POST', headers, body });
  if (!response.ok && response.status !== 429) throw new Error(`${url}: ${response.status} ${await response.text()}`);
}
