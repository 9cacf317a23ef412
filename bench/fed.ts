import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { lastValueFrom, tap } from 'rxjs';
import { systemClock } from '../src/core/clock.ts';
import type { TrunklineEvent } from '../src/core/event.ts';
import { trunklineBackend } from '../src/engine/backend.ts';
import { assemble } from '../src/pipeline/assemble.ts';
import { type LoadedPipeline, pipelineOf } from '../src/pipeline/load.ts';
import { train } from '../src/pipeline/run/train.ts';
import { setting, table, writeSection } from './measure/results.ts';

// Whether reading is what steps wait for: `npm run bench -- fed`. Files to batches alone, and the same with training.

const rounds = 3;
const [load = 0] = loadavg();
const shared = new URL('../../shared/data/', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'trunkline-bench-'));
trunklineBackend();

const embeddings = join(folder, 'embeddings.parquet');
const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
await connection.run(
  `COPY (SELECT list_transform(range(1024), lambda j: hash(i * 1024 + j)::FLOAT / 2^64) AS x, (i % 2)::FLOAT AS label
    FROM range(20000) t(i)) TO '${embeddings}' (ROW_GROUP_SIZE 2048, COMPRESSION zstd)`,
);
connection.closeSync();

interface Contender {
  readonly name: string;
  readonly path: string;
  readonly features: object;
  readonly labels: string;
  readonly loss: string;
  readonly batch: number;
}

const contenders: readonly Contender[] = [
  {
    name: 'tox21, 2,048 places, 12 heads, batch 50',
    path: join(shared, 'tox21/assay_train.parquet'),
    features: { fp: { multiHot: 2048 } },
    labels: 'NR-*|SR-*',
    loss: 'binaryCrossentropy',
    batch: 50,
  },
  {
    name: 'kinase1000, 2,048 places, 66 heads, batch 256',
    path: join(shared, 'kinase1000_rges/train.parquet'),
    features: { fp: { multiHot: 2048 } },
    labels: '*_WT',
    loss: 'meanSquaredError',
    batch: 256,
  },
  {
    name: '1,024 floats, 1 head, batch 256',
    path: embeddings,
    features: { x: { tensor: [1024] } },
    labels: 'label',
    loss: 'binaryCrossentropy',
    batch: 256,
  },
];

/** The pipeline's own network: 1,024 and 512 units, as in pipelines/kinase1000.yaml. */
const loadedOf = ({ path, features, labels, loss, batch }: Contender, epochs: number): LoadedPipeline =>
  pipelineOf({
    name: 'fed',
    sources: { train: { type: 'parquet', path, features, labels: { columns: labels } } },
    stream: { from: 'train', shuffle: 8192, batch, epochs },
    model: {
      trunk: [
        { dense: { units: 1024, activation: 'relu' } },
        { dropout: { rate: 0.25 } },
        { dense: { units: 512, activation: 'relu' } },
        { dropout: { rate: 0.25 } },
      ],
      heads: [{ columns: labels, layers: [{ dense: { units: 1 } }], loss }],
    },
    checkpoint: { directory: join(folder, 'run'), everyEpochs: 1000 },
    deadLetter: join(folder, 'dead.ndjson'),
  });

/** Rows a second from the file to batches, nobody training on them. */
async function readingRate(contender: Contender): Promise<number> {
  const pipeline = await assemble(loadedOf(contender, 1));
  const begin = performance.now();
  let rows = 0;
  await lastValueFrom(
    pipeline.batches({}).pipe(
      tap(({ flow, rows: count }) => {
        rows += count;
        if (count > 0) flow.finish('trained', count);
      }),
    ),
  );
  return (1000 * rows) / (performance.now() - begin);
}

/** Of the second epoch: the first one compiles. Rows a second, and the share of the wall time in which the engine computes. */
async function trainingRate(contender: Contender): Promise<{ readonly rate: number; readonly busy: number }> {
  let [beginMs, endMs, rows, busyMs] = [0, 0, 0, 0];
  const events = (event: TrunklineEvent): void => {
    if (event.type === 'epochEnded') {
      if (event.epoch === 1) [beginMs, rows, busyMs] = [performance.now(), 0, 0];
      else endMs = performance.now();
    }
    if (event.type !== 'stepTaken') return;
    rows += event.rows;
    busyMs += event.computeMs + event.mergeMs + event.updateMs;
  };
  await train(loadedOf(contender, 2), { mode: 'overwrite', events, clock: systemClock });
  return { rate: (1000 * rows) / (endMs - beginMs), busy: busyMs / (endMs - beginMs) };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const present = contenders.filter(({ path }) => existsSync(path));
const measured = present.map(() => ({ reading: [] as number[], training: [] as number[], busy: [] as number[] }));
for (let round = 0; round < rounds; round++)
  for (const [at, contender] of present.entries()) {
    const own = measured[at] as (typeof measured)[number];
    own.reading.push(await readingRate(contender));
    const { rate, busy } = await trainingRate(contender);
    own.training.push(rate);
    own.busy.push(busy);
  }

const thousands = (rate: number): string => `${(rate / 1000).toFixed(1)}k`;
const body = [
  `Files to assembled batches, thousands of rows a second, alone and with training (two hidden layers of 1,024 and 512,`,
  `adam, 2 threads), and the share of an epoch in which the engine computes: medians of ${rounds} turns, the second epoch of each.`,
  `${setting()}; load average ${load.toFixed(1)} at the beginning.`,
  '',
  table(
    ['', 'batches alone', 'trained', 'alone / trained', 'engine busy'],
    present.map(({ name }, at) => {
      const { reading, training, busy } = measured[at] as (typeof measured)[number];
      const [alone, trained] = [median(reading), median(training)];
      return [
        name,
        thousands(alone),
        thousands(trained),
        (alone / trained).toFixed(1),
        `${Math.round(100 * median(busy))} %`,
      ];
    }),
  ),
].join('\n');
console.log(body);
writeSection('Reading against steps', body);
rmSync(folder, { recursive: true, force: true });
process.exit(0);
