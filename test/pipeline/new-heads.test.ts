import { cpSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { linesOf, trainedIn } from '../../scripts/chaos/journal.ts';
import { systemClock } from '../../src/core/clock.ts';
import { ignoreEvents, type TrunklineEvent } from '../../src/core/event.ts';
import { trunklineBackend } from '../../src/engine/backend.ts';
import { assemble } from '../../src/pipeline/assemble.ts';
import { pipelineOf } from '../../src/pipeline/load.ts';
import { train } from '../../src/pipeline/run/train.ts';
import { openTrained } from '../../src/pipeline/run/trained.ts';
import type { TrainingRun } from '../../src/train/run/run.ts';
import { folderOf } from './own.ts';

trunklineBackend();

type Labels = Readonly<Record<string, unknown>>;

/** Labels by their row: `a` of every other one, `b` of each from 40 on, `c` from 70 on, and names that can't be heads. */
const labelsOf = (row: number): Labels => ({
  ...(row % 2 === 0 ? { a: (row % 7) / 7 } : {}),
  ...(row >= 40 ? { b: (row % 5) / 5 } : {}),
  ...(row >= 70 ? { c: 1 } : {}),
  ...(row % 10 === 3 ? JSON.parse('{ "__proto__": 1, "constructor": 1, "trunk": 1, "x": 1, "a b": 1, "": 1 }') : {}),
});

const rows = 120;
const data = Array.from({ length: rows }, (_, row) => ({
  id: `s${row}`,
  x: [Math.sin(row), Math.cos(row)],
  labels: labelsOf(row),
}));

const one = { layers: [{ dense: 1 }], loss: 'meanSquaredError' };

interface Written {
  readonly heads?: unknown;
  readonly chunkRows?: number;
  readonly steps?: number;
  readonly epochs?: number;
  readonly evaluate?: object;
  readonly source?: object;
  readonly stream?: object;
}

function pipelineIn(
  folder: string,
  { heads = { auto: one, max: 2 }, chunkRows = 16, steps, epochs = 1, evaluate, source, stream }: Written = {},
) {
  return pipelineOf({
    name: 'open',
    sources: {
      train: {
        type: 'memory',
        data,
        chunkRows,
        id: 'id',
        features: { x: { tensor: [2] } },
        labels: { map: 'labels' },
        ...source,
      },
      test: { type: 'memory', data, like: 'train', minRejects: 1 },
    },
    ...(evaluate ? { evaluate } : {}),
    stream: { from: 'train', shuffle: 12, batch: 8, epochs, ...(steps === undefined ? {} : { steps }), ...stream },
    model: { trunk: [{ dense: { units: 37, activation: 'tanh' } }], heads },
    optimizer: { type: 'adam', learningRate: 0.01 },
    engine: { type: 'onnx-cpu', threads: 1, worker: false },
    checkpoint: { directory: join(folder, 'run'), everySteps: 2 },
    journal: join(folder, 'journal.ndjson'),
  });
}

async function trained(folder: string, written: Written, onEvent: (event: TrunklineEvent) => void = () => {}) {
  const events: TrunklineEvent[] = [];
  const loaded = pipelineIn(folder, written);
  const resume = 'reloaded';
  await train(loaded, {
    mode: 'continue',
    resume,
    clock: systemClock,
    events: (event) => {
      events.push(event);
      onEvent(event);
    },
  });
  const of = <Type extends TrunklineEvent['type']>(type: Type) =>
    events.filter((event) => event.type === type) as Extract<TrunklineEvent, { readonly type: Type }>[];
  const checkpoints = join(folder, 'run', 'checkpoints');
  const newest = join(checkpoints, readdirSync(checkpoints).sort().at(-1) as string);
  const read = (file: string): Buffer => readFileSync(join(newest, file));
  return { of, read, run: JSON.parse(read('run.json').toString()) };
}

/** What is to be trained, as `id/head`. */
const expected = (heads: readonly string[]): ReadonlyMap<string, number> =>
  new Map(
    data.flatMap(({ id, labels }) =>
      heads.filter((head) => Object.hasOwn(labels, head)).map((head) => [`${id}/${head}`, 1] as const),
    ),
  );

const counted = (folder: string): ReadonlyMap<string, number> => trainedIn(linesOf(join(folder, 'journal.ndjson')));

test('labels of heads that there are none of make them, as many as there may be', async () => {
  const folder = folderOf({});
  const { of, run } = await trained(folder, {});
  expect(of('headsMade').map(({ heads }) => heads)).toEqual([['a'], ['b']]);
  expect(of('headRefused')).toEqual([{ type: 'headRefused', source: 'train', head: 'c', max: 2 }]);
  expect(counted(folder)).toEqual(expected(['a', 'b']));
  expect(run.made).toEqual(['a', 'b']);
  expect(of('runStarted').map(({ heads }) => heads)).toEqual([[], ['a'], ['a', 'b']]);
  const { received, pending, trained: steps = 0, unlabelled = 0, rejected = 0 } = of('epochEnded')[0]?.counts ?? {};
  expect({ received, pending, sum: steps + unlabelled + rejected }).toEqual({ received: rows, pending: 0, sum: rows });
  expect(rejected).toBe(0);
  const refused = (wanted: string) => of('recordRejected').filter(({ reason }) => reason === wanted);
  expect(refused('badHeadName')).toHaveLength(12);
  expect(refused('tooManyHeads')).toHaveLength(50);
  const opened = await openTrained(pipelineIn(folder), ignoreEvents);
  expect(opened.runner.program.heads.map(({ name }) => name)).toEqual(['a', 'b']);
  await opened.close();
});

/** Two heads that are computed together, and one that is made. */
const mixed = { auto: one, max: 1, named: ['a', 'c'].map((name) => ({ name, ...one })) };

test('a head that is made changes no bit of what is learned, whenever that happens and whatever ends the run', async () => {
  const whole = folderOf({});
  const cuts = folderOf({});
  let [began, after] = [0, 0];
  const keep = (name: string): void => cpSync(whole, join(cuts, name), { recursive: true });
  // As a kill leaves it: when the head was made, when it began to be trained, and in between two checkpoints.
  const { read, run } = await trained(whole, { heads: mixed }, ({ type }) => {
    if (type === 'headsMade') keep('made');
    if (type === 'runStarted' && ++began === 2) keep('begun');
    if (type === 'stepTaken' && began === 2 && ++after === 5) keep('trained');
  });
  expect(run.made).toEqual(['b']);
  expect(counted(whole)).toEqual(expected(['a', 'b', 'c']));
  const files = ['parameters.safetensors', 'optimizer.safetensors'];
  const learned = files.map(read);
  const isSame = (other: { read(file: string): Buffer }): boolean =>
    files.every((file, at) => other.read(file).equals(learned[at] as Buffer));
  expect(isSame(await trained(folderOf({}), { heads: mixed, chunkRows: rows }))).toBe(true);
  for (const cut of readdirSync(cuts)) {
    const folder = join(cuts, cut);
    expect(isSame(await trained(folder, { heads: mixed }))).toBe(true);
    expect(counted(folder)).toEqual(expected(['a', 'b', 'c']));
  }
  expect(readdirSync(cuts)).toEqual(['begun', 'made', 'trained']);
});

test('a run that is paused when heads are wanted is paused when it has them', async () => {
  const folder = folderOf({});
  const paused: string[] = [];
  let steered: TrainingRun | undefined;
  await train(pipelineIn(folder, {}), {
    mode: 'new',
    clock: systemClock,
    onRun: (run) => {
      if (!steered) void run.pause('to look at it');
      steered = run;
    },
    events: (event) => {
      if (event.type !== 'runPaused') return;
      paused.push(`${event.step}: ${event.reason}`);
      if (paused.length === 2) queueMicrotask(() => steered?.continue());
    },
  });
  expect(paused).toEqual(['0: to look at it', '0: as before heads were made']);
  expect(counted(folder)).toEqual(expected(['a', 'b']));
});

test('a head that was made can be taken over by the pipeline file, and retired', async () => {
  const folder = folderOf({});
  const made = await trained(folder, { steps: 11 });
  expect(made.run.made).toEqual(['a', 'b']);
  // Said as it was made it is the same head: nothing of it is taken over by name, or begins anew.
  const named = [{ name: 'b', ...one, weight: 0.5 }];
  const taken = await trained(folder, { steps: 12, heads: { auto: one, max: 2, named } });
  expect(taken.of('runStarted').map(({ heads }) => heads)).toEqual([['b', 'a']]);
  expect(taken.of('modelAdopted')).toEqual([]);
  expect(taken.run.made).toEqual(['a']);
  const retired = await trained(folder, { heads: { auto: { columns: '!a', ...one }, max: 2, named } });
  expect(retired.of('modelAdopted')).toEqual([
    expect.objectContaining({ fresh: [], left: ['a/dense/bias', 'a/dense/kernel'] }),
  ]);
  expect(retired.run.made).toEqual([]);
  for (const label of expected(['b']).keys()) expect(counted(folder).get(label)).toBe(1);
});

test('labels of a long table make heads as those in maps do', async () => {
  const folder = folderOf({});
  const long = data.flatMap(({ id, x, labels }) =>
    Object.entries(labels).map(([head, value]) => ({ id, x, head, value })),
  );
  const source = { data: long, labels: { head: 'head', value: 'value', group: 'id' } };
  const { of, run } = await trained(folder, { source });
  expect(run.made).toEqual(['a', 'b']);
  expect(counted(folder)).toEqual(expected(['a', 'b']));
  expect(of('headRefused')).toEqual([{ type: 'headRefused', source: 'train', head: 'c', max: 2 }]);
});

test('rules, quotas and plateaus may name heads that are still to come', async () => {
  const folder = folderOf({});
  const { run } = await trained(folder, {
    stream: {
      from: { train: 2, test: 1 },
      route: [{ source: 'test', heads: '!*' }, { heads: 'b' }],
      batch: { rows: 8, quota: { b: 4 } },
    },
    evaluate: { from: 'test', everySteps: 5, plateau: { heads: 'b', patience: 9, action: 'freeze' } },
  });
  expect(run.made).toEqual(['a', 'b']);
  expect(counted(folder)).toEqual(expected(['b']));
});

test('what is evaluated may have labels of heads that will never be made, or are not yet', async () => {
  const heads = { auto: { columns: 'b', ...one }, max: 1, named: [{ name: 'a', ...one }] };
  const { of } = await trained(folderOf({}), { heads, chunkRows: 4, evaluate: { from: 'test', everySteps: 2 } });
  expect(of('headsMade').map(({ heads }) => heads)).toEqual([['b']]);
  const scored = of('headsEvaluated');
  expect(new Set(scored.map((one) => one.rows))).toEqual(new Set([rows]));
  expect(Object.keys(scored.at(-1)?.heads ?? {})).toHaveLength(2);
});

test.each([
  [
    { heads: { auto: { layers: [{ dense: { units: 1, name: 'last' } }], loss: 'meanSquaredError' }, max: 2 } },
    "model.heads.auto.layers.0: expected a layer without a name of its own, as each head has one; found 'last'",
  ],
  [{ heads: { auto: { layers: [{ dense: 1 }] }, max: 2 } }, 'model.heads.auto.loss'],
  [{ heads: { auto: one } }, 'model.heads.max'],
  [{ heads: { auto: { ...one, from: 'trank' }, max: 2 } }, "did you mean 'trunk'?"],
])('what is wrong with a template is said at its place: %j', async (written, message) => {
  const check = async () => assemble(pipelineIn(folderOf({}), written));
  await expect(check()).rejects.toThrow(message);
});

test('a template needs labels that may name any head', async () => {
  const loaded = pipelineIn(folderOf({}));
  const { train: source } = loaded.config.sources;
  const sources = { train: { ...source, labels: undefined } } as never;
  await expect(assemble({ ...loaded, config: { ...loaded.config, sources } })).rejects.toThrow(
    'model.heads.auto: expected a source that is trained on, with labels in a map or one in each row, which may name any head; found none',
  );
});

test('a run that gives way to one with more heads does so on a full disk too', async (context) => {
  const full = '/dev/full';
  context.skip(!existsSync(full), 'needs a device that is always full');
  const [folder, copy] = [folderOf({}), folderOf({})];
  await trained(folder, {}, (event) => {
    // Kept, and about to have its second head.
    if (event.type === 'headsMade' && event.heads.includes('b')) cpSync(folder, copy, { recursive: true });
  });
  const journal = join(copy, 'journal.ndjson');
  rmSync(journal);
  symlinkSync(full, journal);
  const heads: (readonly string[])[] = [];
  const going = trained(copy, {}, (event) => {
    if (event.type === 'runStarted') heads.push(event.heads);
  });
  await expect(going).rejects.toThrow('expected a file that can be written');
  expect(heads).toEqual([['a'], ['a', 'b']]);
});
