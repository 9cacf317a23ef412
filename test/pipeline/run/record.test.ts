import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom, toArray } from 'rxjs';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { ManualClock, systemClock } from '../../../src/core/clock.ts';
import { ignoreEvents, type TrunklineEvent } from '../../../src/core/event.ts';
import { trunklineBackend } from '../../../src/engine/backend.ts';
import { assemble, type Pipeline } from '../../../src/pipeline/assemble.ts';
import { pipelineOf } from '../../../src/pipeline/load.ts';
import { type TrainOptions, train } from '../../../src/pipeline/run/train.ts';
import { readBack } from '../../sink/read.ts';
import { plain, turn } from '../../stream/sample.ts';

trunklineBackend();

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trunkline-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

const live = {
  type: 'generator',
  rows: 200,
  size: 3,
  heads: 2,
  missing: 0.4,
  id: 'id',
  features: { x: { tensor: [3] } },
  labels: { columns: 'head*' },
};
/** @param stream options beside those that every pipeline here has */
const pipeline = (stream: object = {}, source: object = live, directory = 'run', input = 'x') =>
  pipelineOf({
    name: 'recorded',
    sources: { live: source },
    stream: { from: 'live', shuffle: 30, batch: 10, ...stream },
    model: { heads: [{ columns: 'head*', from: input, layers: [{ dense: 1 }], loss: 'binaryCrossentropy' }] },
    engine: { type: 'onnx-cpu', threads: 1, worker: false },
    checkpoint: { directory: join(folder, directory), everySteps: 3 },
  });
const record = (path = 'seen') => ({ record: { path: join(folder, path) } });
const trained = (stream: object, options: Partial<TrainOptions> = {}, directory = 'run', source: object = live) =>
  train(pipeline(stream, source, directory), { mode: 'new', clock: systemClock, events: ignoreEvents, ...options });
const recorded = async () => (await readBack('parquet', join(folder, 'seen'))).map(({ id }) => id);

/** The batches of a pipeline whose time goes on; without keys, which follow a row's place, and sources. */
async function batchesOf({ batches }: Pipeline, clock = new ManualClock()): Promise<unknown[]> {
  let isDone = false;
  const all = lastValueFrom(batches().pipe(toArray())).finally(() => {
    isDone = true;
  });
  // Time stands still while something else is waited for.
  while (!isDone) await (clock.sleeping > 0 ? clock.advance(25) : turn());
  return (await all).map((batch) => {
    const { keys: _, origins: __, ...rest } = plain(batch) as Record<string, unknown>;
    return rest;
  });
}

describe('a pipeline that records', () => {
  test('has each sample once, in the order in which they came, however often it is ended', {
    timeout: 120_000,
  }, async () => {
    // More rows than are read ahead, so that some are still to be read when it ends.
    const long = { ...live, rows: 6000, chunkRows: 100 };
    const run = (steps: number, mode: 'new' | 'resume') =>
      trained({ ...record(), batch: 150, steps }, { mode }, 'run', long);
    expect(await run(4, 'new')).toMatchObject({ step: 4 });
    await run(15, 'resume');
    expect(await run(1000, 'resume')).toMatchObject({ outcome: 'finished' });
    expect(await recorded()).toEqual(Array.from({ length: 6000 }, (_, row) => `${row}`));
    expect(readdirSync(join(folder, 'seen')).length).toBeGreaterThan(2);
  });

  test('is played back at a given speed, and gives the same batches', async () => {
    await trained(record());
    const original = await batchesOf(await assemble(pipeline()));
    const clock = new ManualClock();
    const { features, labels } = live;
    const source = { type: 'parquet', path: join(folder, 'seen', '*.parquet') };
    const replay = { type: 'replay', source, rowsPerSecond: 40, id: 'id', features, labels };
    const again = await batchesOf(await assemble(pipeline({}, replay), { clock }), clock);
    expect(again).toEqual(original);
    // The last of 200 rows at 40 a second.
    expect(clock.monotonicMs()).toBe(4975);
  });

  const one = { layers: [{ dense: 1 }], loss: 'meanSquaredError' };
  const mapped = {
    type: 'memory',
    data: Array.from({ length: 60 }, (_, row) => ({
      id: `s${row}`,
      x: [row / 60],
      truth: { ...(row % 2 ? { a: row / 7 } : {}), ...(row > 30 ? { b: row } : {}) },
    })),
    chunkRows: 8,
    id: 'id',
    features: { x: { tensor: [1] } },
    labels: { map: 'truth' },
  };
  const ofMap = (heads: unknown, stream: object, source: object, directory = 'run') => {
    const {
      config: { name, engine },
    } = pipeline();
    return pipelineOf({
      name,
      sources: { live: source },
      stream: { from: 'live', shuffle: 12, batch: 10, ...stream },
      model: { trunk: [{ dense: 2 }], heads },
      engine,
      checkpoint: { directory: join(folder, directory), everySteps: 2 },
    } as never);
  };

  test('has the labels of a map in columns of the heads', async () => {
    const heads = ['a', 'b'].map((name) => ({ name, ...one }));
    await train(ofMap(heads, record(), mapped), { mode: 'new', clock: systemClock, events: ignoreEvents });
    const [, first, ...rest] = await readBack('parquet', join(folder, 'seen'));
    expect(first).toMatchObject({ id: 's1', a: expect.closeTo(1 / 7), b: null });
    expect(rest.at(-1)).toMatchObject({ id: 's59', b: 59 });
  });

  test('has labels of heads that come later, and makes the same of them when it is read again', async () => {
    const heads = { auto: one, max: 2 };
    const made: unknown[] = [];
    const events = (event: TrunklineEvent): void => {
      if (event.type === 'headsMade') made.push(event.heads);
    };
    await train(ofMap(heads, record(), mapped), { mode: 'new', clock: systemClock, events });
    expect(await recorded()).toEqual(mapped.data.map(({ id }) => id));
    const { type, path } = { type: 'parquet', path: join(folder, 'seen', '*.parquet') };
    const { id, features } = mapped;
    const again = { type, path, id, features, labels: { map: 'labels' } };
    await train(ofMap(heads, {}, again, 'again'), { mode: 'new', clock: systemClock, events });
    expect(made.flat()).toEqual(['a', 'b', 'a', 'b']);
    const [first, second] = ['run', 'again'].map((directory) => {
      const checkpoints = join(folder, directory, 'checkpoints');
      return readFileSync(
        join(checkpoints, readdirSync(checkpoints).sort().at(-1) as string, 'parameters.safetensors'),
      );
    });
    expect(second).toEqual(first);
  });

  test('has no weights of labels of heads that come later', async () => {
    const weighted = { ...mapped, data: mapped.data.map((row) => ({ ...row, w: 2 })), weight: 'w' };
    await expect(assemble(ofMap({ auto: one, max: 2 }, record(), weighted))).rejects.toThrow(
      'stream.record: expected labels without weights and bounds, as those of heads that come later are recorded in a map of values; found some that have them\n  hint: record where heads are named: heads: [ … ]',
    );
  });

  test('begins no second recording where there is one, unless the run is replaced', async () => {
    await trained({ ...record(), steps: 2 });
    await expect(trained(record(), {}, 'other')).rejects.toThrow(
      `stream.record.path: expected a folder without a recording; found 1 parts in '${join(folder, 'seen')}'\n  hint: record to another folder, or replace the run and its recording (--overwrite)`,
    );
    await trained(record(), { mode: 'overwrite' });
    expect(await recorded()).toHaveLength(200);
  });

  test('has one epoch, and columns of their own', async () => {
    await expect(assemble(pipeline({ ...record(), epochs: 3 }))).rejects.toThrow(
      'stream.epochs: expected 1, as each epoch would be recorded again; found 3\n  hint: what was recorded can be trained on as often as you like',
    );
    const source = { ...live, features: { Head1: { type: 'tensor', columns: 'x', shape: [3] } } };
    await expect(assemble(pipeline(record(), source, 'run', 'Head1'))).rejects.toThrow(
      "stream.record: expected inputs and heads of different names, capitals aside, none of them 'id', 'time' or 'source'; found 'head1' twice",
    );
  });
});
