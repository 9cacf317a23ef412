import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { ignoreEvents } from '../../../src/core/event.ts';
import { trunklineBackend } from '../../../src/engine/backend.ts';
import { pipelineOf } from '../../../src/pipeline/load.ts';
import { train } from '../../../src/pipeline/run/train.ts';
import { openTrained } from '../../../src/pipeline/run/trained.ts';
import type { TrainingRun } from '../../../src/train/run/run.ts';
import { DocumentCheck } from '../../http/document.ts';

trunklineBackend();

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trunkline-'));
  onTestFinished(() => rm(folder, { recursive: true }));
});

/** More than is read ahead. */
const rows = Array.from({ length: 6000 }, (_, at) => ({
  x: [(at % 40) / 40, 1 - (at % 40) / 40],
  city: ['Bonn', 'Ulm'][at % 2],
  toxic: at % 3 === 0 ? null : at % 2,
  size: 1000 + 10 * (at % 40),
}));

const pipeline = (directory: string, more: object = {}) =>
  pipelineOf({
    name: 'small',
    sources: {
      train: {
        type: 'memory',
        data: rows,
        chunkRows: 64,
        features: { x: { tensor: [2] }, town: { oneHot: { categories: ['Bonn', 'Ulm'], columns: 'city' } } },
        labels: { toxic: {}, size: { standardize: true }, home: { column: 'city', classes: ['Bonn', 'Ulm', 'Trier'] } },
      },
    },
    stream: { from: 'train', batch: 64, epochs: 1 },
    model: {
      merges: { both: { from: ['x', 'town'] } },
      trunk: { from: 'both', layers: [{ dense: { units: 4, activation: 'tanh' } }] },
      heads: [
        { name: 'toxic', from: 'trunk', layers: [{ dense: { units: 1 } }], loss: 'binaryCrossentropy' },
        { name: 'size', from: 'trunk', layers: [{ dense: { units: 1 } }], loss: 'meanSquaredError' },
        { name: 'home', from: 'trunk', layers: [{ dense: { units: 3 } }], loss: 'sparseCategoricalCrossentropy' },
      ],
    },
    engine: { type: 'onnx-cpu', threads: 1 },
    checkpoint: { directory: join(folder, directory) },
    http: { port: 0, predict: { records: 30 } },
    ...more,
  });

/** Trains, and does something with the server when a step was taken. */
async function training(
  directory: string,
  act: (url: string, run: TrainingRun) => Promise<void>,
  at = 5,
): Promise<void> {
  let run: TrainingRun | undefined;
  let url = '';
  let acted = Promise.resolve();
  await train(pipeline(directory), {
    mode: 'continue',
    clock: systemClock,
    onRun: (begun) => {
      run = begun;
    },
    events: (event) => {
      if (event.type === 'serverStarted') url = event.url;
      if (event.type === 'stepTaken' && event.step === at) {
        void run?.pause('for the test');
        acted = act(url, run as TrainingRun).finally(() => run?.continue());
      }
    },
  });
  await acted;
}

/** Lets a paused run take a step. */
async function advance(run: TrainingRun): Promise<void> {
  const before = run.step;
  run.advance(1);
  while (run.step === before) await new Promise((resolve) => setImmediate(resolve));
}

const open = async (url: string) => {
  const check = new DocumentCheck(await (await fetch(`${url}/v1/openapi.json`)).json());
  return async (body: unknown) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}/v1/predict`, { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: response.status, body: (await check.answer('POST', '/v1/predict', response)) as Answer };
  };
};

interface Answer {
  readonly step: number;
  readonly predictions: readonly {
    readonly toxic: number;
    readonly size: number;
    readonly home: { readonly class: string; readonly probabilities: Readonly<Record<string, number>> };
  }[];
}

const recordOf = ({ x, city }: (typeof rows)[number]) => ({ x, city });

test('what is predicted while training is what the checkpoint of that step predicts, alone or together', async () => {
  let answer: Answer | undefined;
  await training('run', async (url, run) => {
    const ask = await open(url);
    await run.pause('for the test');
    while (!(await run.checkpoint().catch(() => false))) await advance(run);
    const records = rows.slice(0, 20).map(recordOf);
    const all = await ask({ records });
    expect(all.status).toBe(200);
    answer = all.body;
    expect(answer.step).toBe(run.step);
    const apart = await Promise.all(records.map((record) => ask({ records: [record], heads: ['size'] })));
    for (const [at, { body }] of apart.entries()) {
      expect(Object.keys(body.predictions[0] ?? {})).toEqual(['size']);
      expect(body.predictions[0]?.size).toBeCloseTo(answer.predictions[at]?.size as number, 2);
    }
    run.stop();
  });
  const trained = await openTrained(pipeline('run'), ignoreEvents);
  onTestFinished(() => trained.close());
  expect(trained.step).toBe(answer?.step);
  const [source] = trained.pipeline.sources.values();
  const chunk = await source?.samplesOf(rows.slice(0, 20).map(recordOf), 'records');
  const { toxic } = await trained.runner.predict(20, chunk?.inputs ?? {});
  expect(answer?.predictions.map((each) => each.toxic)).toEqual(
    [...(toxic as Float32Array)].map((each) => expect.closeTo(each, 5)),
  );
  for (const { toxic, size, home } of answer?.predictions ?? []) {
    expect(toxic).toBeGreaterThan(0);
    expect(toxic).toBeLessThan(1);
    // On the scale of the labels, which were standardized.
    expect(size).toBeGreaterThan(500);
    expect(Object.keys(home.probabilities)).toEqual(['Bonn', 'Ulm', 'Trier']);
    expect(home.probabilities[home.class]).toBe(Math.max(...Object.values(home.probabilities)));
  }
});

test('predictions between steps, and while one is taken, change no bit of what is trained', async () => {
  const parametersIn = async (directory: string): Promise<Buffer> => {
    const checkpoints = join(folder, directory, 'checkpoints');
    const newest = (await readdir(checkpoints)).sort().at(-1) as string;
    return readFile(join(checkpoints, newest, 'parameters.safetensors'));
  };
  await training('alone', async () => {});
  await training('asked', async (url, run) => {
    const ask = await open(url);
    await run.pause('for the test');
    for (let round = 1; round <= 6; round++) {
      const asked = ask({ records: rows.slice(0, round).map(recordOf) });
      const before = run.step;
      await advance(run);
      const { status, body } = await asked;
      expect(status).toBe(200);
      expect(body.step).toBeGreaterThanOrEqual(before);
      expect(body.predictions).toHaveLength(round);
    }
  });
  expect((await parametersIn('asked')).equals(await parametersIn('alone'))).toBe(true);
});

test('records that can not be samples are refused, each with what is wrong with it', async () => {
  await training('refused', async (url) => {
    const ask = await open(url);
    const good = recordOf(rows[0] as (typeof rows)[number]);
    const refusal = async (body: unknown) => {
      const { status, body: problem } = await ask(body);
      expect(status).toBe(400);
      return (problem as unknown as { issues: { where: string; expected: string; found: string; hint?: string }[] })
        .issues;
    };
    expect(await refusal({ records: [good, { ...good, x: [1] }, { ...good, city: 'Bon' }] })).toMatchObject([
      { where: "body.records[1], input 'x'" },
      { where: "body.records[2], input 'town', column 'city'" },
    ]);
    expect(await refusal({ records: [{ ...good, toxic: 1 }] })).toMatchObject([
      { where: 'body.records[0].toxic', expected: "an option out of 'x', 'city'", found: "'toxic'" },
    ]);
    expect(await refusal({ records: [] })).toMatchObject([{ where: 'body.records', expected: 'a list of at least 1' }]);
    expect(await refusal({ records: rows.slice(0, 31).map(recordOf) })).toMatchObject([
      { expected: 'a list of at most 30' },
    ]);
    expect(await refusal({ records: [good], heads: ['toxik'] })).toMatchObject([
      {
        where: 'body.heads[0]',
        expected: "one of 'toxic', 'size', 'home'",
        found: "'toxik'",
        hint: "did you mean 'toxic'?",
      },
    ]);
  });
});
