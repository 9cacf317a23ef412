import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { TrunklineError } from '../../src/core/error.ts';
import type { TrainEvent } from '../../src/core/train-event.ts';
import { trunklineBackend } from '../../src/engine/backend.ts';
import { assemble } from '../../src/pipeline/assemble.ts';
import { explanations } from '../../src/pipeline/explain.ts';
import { loadPipeline } from '../../src/pipeline/load.ts';
import { train } from '../../src/pipeline/run/train.ts';
import { folderOf } from './own.ts';

trunklineBackend();

interface Written {
  readonly stream?: string;
  readonly train?: string;
  readonly labels?: string;
}

const joined = 'join: { labels: labels, ttl: 2h, onLate: train }';

/** A pipeline whose labels come apart, each an hour and a bit after its sample, and some not at all. */
function pipelineWith({ stream = joined, train: own = 'id: id, time: at', labels = 'id: id, time: at' }: Written = {}) {
  const folder = folderOf({});
  const timeOf = (minutes: number): string => new Date(Date.UTC(2026, 0, 1) + 60_000 * minutes).toISOString();
  const rows = Array.from({ length: 3000 }, (_, row) => row);
  const write = (name: string, header: string, lines: readonly string[]): void =>
    writeFileSync(join(folder, name), `${[header, ...lines].join('\n')}\n`);
  write(
    'samples.csv',
    'id,at,x1,x2',
    rows.map((row) => `s${row},${timeOf(10 * row)},${Math.sin(row)},${Math.cos(row)}`),
  );
  write(
    'labels.csv',
    'id,at,a,b',
    rows
      .filter((row) => row % 5 !== 0)
      .map((row) => `s${row},${timeOf(10 * row + 65 + (row % 7))},${row % 2},${row % 3 === 0 ? '' : row / 100}`),
  );
  const file = join(folder, 'pipeline.yaml');
  writeFileSync(
    file,
    `name: joined
sources:
  train: { type: csv, path: "\${FOLDER}/samples.csv", features: { x: { tensor: { columns: "x*" } } }, ${own} }
  labels: { type: csv, path: "\${FOLDER}/labels.csv", labels: { columns: "a|b" }, ${labels} }
stream: { from: train, ${stream}, shuffle: 64, batch: 32 }
model:
  trunk: [{ dense: { units: 8, activation: relu } }]
  heads:
    - { name: a, from: trunk, layers: [{ dense: { units: 1 } }], loss: binaryCrossentropy }
    - { name: b, from: trunk, layers: [{ dense: { units: 1 } }], loss: meanSquaredError }
checkpoint: { directory: "\${FOLDER}/run", everySteps: 3, keep: 2 }
`,
  );
  return { folder, file };
}

async function messageOf(written: Written): Promise<string> {
  const { folder, file } = pipelineWith(written);
  try {
    await assemble(await loadPipeline(file, { FOLDER: folder }));
    return 'nothing is wrong';
  } catch (error) {
    if (!(error instanceof TrunklineError)) throw error;
    return error.message.replaceAll(file, 'pipeline.yaml');
  }
}

/** Trains to the end, or to a step. @returns parameters of the newest checkpoint, and what became of the rows */
async function trainTo(file: string, folder: string, mode: 'new' | 'resume', steps?: number) {
  let counts: Readonly<Record<string, number>> = {};
  const events = (event: { readonly type: string }): void => {
    const one = event as TrainEvent;
    if (one.type === 'epochEnded') counts = one.counts;
  };
  const loaded = await loadPipeline(file, { FOLDER: folder });
  const stream = { ...loaded.config.stream, ...(steps === undefined ? {} : { steps }) };
  await train({ ...loaded, config: { ...loaded.config, stream } }, { mode, events, clock: systemClock });
  const checkpoints = join(folder, 'run', 'checkpoints');
  const newest = readdirSync(checkpoints).sort().at(-1) as string;
  return { counts, newest, parameters: readFileSync(join(checkpoints, newest, 'parameters.safetensors')) };
}

const cases: readonly (readonly [Written, string])[] = [
  [
    { stream: 'join: { labels: train, ttl: 1d }' },
    "pipeline.yaml:5:32  stream.join.labels: expected 'labels'; found 'train', which samples are from\n" +
      '  hint: labels that stand beside their features need no join',
  ],
  [
    { train: 'weight: x1', labels: 'time: at' },
    'pipeline.yaml:4:3  sources.labels.id: expected the column of the ids of the samples; found none\n' +
      '  hint: id: <column>',
  ],
  [
    { train: 'weight: x1', stream: `epochs: 2, ${joined}` },
    'pipeline.yaml:5:24  stream.epochs: expected 1, as a join gives each label to training once; found 2\n' +
      'pipeline.yaml:3:3  sources.train.id: expected the column of ids, by which labels find their sample; found none\n' +
      '  hint: id: <column>\n' +
      'pipeline.yaml:3:3  sources.train.time: expected the column of event times, by which the join tells how long something has waited; found none\n' +
      '  hint: time: <column>; or let it go by the clock: stream.join.time: processing',
  ],
];

describe('labels that come apart from their samples', () => {
  test('train them, and a run that was stopped goes on bit for bit', { timeout: 120_000 }, async () => {
    const whole = pipelineWith();
    const uninterrupted = await trainTo(whole.file, whole.folder, 'new');
    expect(uninterrupted.counts).toMatchObject({ received: 3000, pending: 0, trained: 2400, expired: 600 });
    const { file, folder } = pipelineWith();
    const first = await trainTo(file, folder, 'new', 4);
    const second = await trainTo(file, folder, 'resume', 50);
    expect([first.newest, second.newest].map((name) => Number(name.replace(/\D+/, '')))).toEqual([4, 50]);
    const rest = await trainTo(file, folder, 'resume');
    expect(rest.newest).toBe(uninterrupted.newest);
    expect(rest.parameters.equals(uninterrupted.parameters)).toBe(true);
    expect(rest.counts).toEqual(uninterrupted.counts);
  });

  test('what is wrong is said at its place', async () => {
    expect(await messageOf({ stream: 'join: { labels: lables, ttl: 1 day }' })).toBe(
      "pipeline.yaml:5:48  stream.join.ttl: expected a length of time, as 30s, 15m, 12h or 7d; found '1 day'",
    );
    expect(await messageOf({ stream: 'join: { labels: lables, ttl: 1d }' })).toBe(
      "pipeline.yaml:5:32  stream.join.labels: expected one of 'train', 'labels'; found 'lables'\n" +
        "  hint: did you mean 'labels'?",
    );
    for (const [written, message] of cases) expect(await messageOf(written)).toBe(message);
  });

  test('explain shows the join', async () => {
    const { folder, file } = pipelineWith();
    const loaded = await loadPipeline(file, { FOLDER: folder });
    const { model } = await assemble(loaded);
    const text = explanations.text({ config: loaded.config, written: loaded.written, model, probes: new Map() });
    expect(text.split('\n').slice(7, 8)).toEqual([
      '  join        labels of labels, wait 2h by event time, 1,000,000 ids at most, late labels are trained',
    ]);
  });
});
