import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TrunklineEvent } from '../../../src/core/event.ts';
import type { Source } from '../../../src/source/source.ts';
import type { Resumption } from '../../../src/train/run/restore.ts';
import type { TrainingRun } from '../../../src/train/run/run.ts';
import { batchesOf, type Opened, open, source, temporary } from './sample.ts';

/** A run to which something is done after one of its steps. Resolves when both have ended. */
async function steered(
  act: (run: TrainingRun, taken: readonly number[]) => Promise<void>,
  { directory, at = 5, ...options }: { directory?: string; at?: number; resume?: Resumption } = {},
): Promise<Opened & { readonly taken: readonly number[]; readonly directory: string }> {
  const folder = directory ?? (await temporary());
  const taken: number[] = [];
  let acted = Promise.resolve();
  const all: TrunklineEvent[] = [];
  const opened: Opened = await open(
    folder,
    {},
    {
      ...options,
      events: (event) => {
        all.push(event);
        if (event.type !== 'stepTaken') return;
        taken.push(event.step);
        if (taken.length === at) acted = act(opened.run, taken);
      },
    },
  );
  await opened.run.run();
  await acted;
  return { ...opened, events: all, taken, directory: folder };
}

/** What happens while a run is held up: enough turns of the event loop for a step, many times over. */
const aWhile = async (): Promise<void> => {
  for (let turn = 0; turn < 300; turn++) await new Promise((resolve) => setImmediate(resolve));
};

/** Lets a paused run take some steps, and sees that it takes no more. */
async function advance(run: TrainingRun, steps: number): Promise<void> {
  const before = run.step;
  if (steps > 0) run.advance(steps);
  while (run.step < before + steps) await aWhile();
  await aWhile();
  expect(run.step).toBe(before + steps);
}

let expected: string | undefined;
async function undisturbed(): Promise<string> {
  if (expected === undefined) {
    const { run, parameters } = await open(await temporary());
    await run.run();
    expected = await parameters();
  }
  return expected;
}

test('a paused run takes no step but those that are let through, and then goes on bit for bit', async () => {
  const { taken, events, parameters } = await steered(async (run, steps) => {
    await run.pause('to look');
    expect(run.isPaused).toBe(true);
    expect(steps).toHaveLength(run.step);
    await advance(run, 0);
    await advance(run, 3);
    expect(run.isWorking).toBe(false);
    await run.pause('once more');
    run.continue();
    expect(run.isPaused).toBe(false);
  });
  expect(taken).toEqual(Array.from({ length: 27 }, (_, at) => at + 1));
  expect(await parameters()).toBe(await undisturbed());
  const told = events.filter(({ type }) => type === 'runPaused' || type === 'runContinued');
  expect(told).toMatchObject([{ reason: 'to look', asked: true }, { type: 'runContinued' }]);
});

test('wherever a run is paused, advanced, kept and stopped, it goes on bit for bit', async () => {
  const act = fc.record({
    at: fc.integer({ min: 1, max: 20 }),
    steps: fc.integer({ min: 0, max: 4 }),
    keep: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(act, async ({ at, steps, keep }) => {
      const first = await steered(
        async (run) => {
          await run.pause('to look');
          await advance(run, steps);
          if (keep) expect(await run.checkpoint()).toBe(true);
          run.stop();
        },
        { at },
      );
      await first.parameters();
      const kept = first.events.filter(({ type }) => type === 'checkpointWritten');
      expect(kept).toHaveLength(1);
      expect(kept).toMatchObject([{ step: first.taken.length }]);
      const second = await open(first.directory, {}, { resume: 'exact' });
      await second.run.run();
      expect(await second.parameters()).toBe(await undisturbed());
    }),
    { numRuns: 4 },
  );
}, 60_000);

test('a checkpoint that is asked for is on the disk when that is said', async () => {
  const directory = await temporary();
  const kept = async (): Promise<readonly number[]> =>
    (await readdir(join(directory, 'checkpoints'))).map((name) => Number(name.slice('step-'.length)));
  const { parameters } = await steered(
    async (run) => {
      const asked = run.step;
      expect(await run.checkpoint()).toBe(true);
      const [step] = await kept();
      expect(step).toBeGreaterThanOrEqual(asked);
      await run.pause('to look');
      expect(await run.checkpoint()).toBe(true);
      expect(await kept()).toContain(run.step);
      run.continue();
    },
    { directory },
  );
  await parameters();
});

test('what was set survives a checkpoint, also one of a step that was kept before', async () => {
  const change = {
    heads: { a: { weight: 0.5 }, b: { frozen: true, learningRate: 2 } },
    branches: { toA: { learningRate: 0.25 }, toB: { frozen: true } },
  };
  const first = await steered(async (run) => {
    await run.pause('to set');
    expect(await run.checkpoint()).toBe(true);
    run.set(change);
    expect(await run.checkpoint()).toBe(true);
    run.stop();
  });
  await first.parameters();
  expect(first.events.filter(({ type }) => type === 'settingsChanged')).toMatchObject([change]);
  const second = await steered(async () => {}, { directory: first.directory, resume: 'exact' });
  const { heads, branches } = second.run.settings();
  expect(heads).toEqual({
    a: { weight: 0.5, learningRate: 1, frozen: false },
    b: { weight: 1, learningRate: 2, frozen: true },
  });
  expect(branches).toMatchObject({
    toA: { learningRate: 0.25, frozen: false },
    toB: { learningRate: 1, frozen: true },
  });
  expect(await second.parameters()).not.toBe(await undisturbed());
});

test('a branch without a learning rate stays as it is but for its decay, and one that is frozen as a whole', async () => {
  const { run, parameters, ...rest } = await open(await temporary(), { steps: 4 });
  run.set({ heads: {}, branches: { toA: { frozen: true } } });
  await run.run();
  expect(Object.keys(run.settings().branches)).toEqual(expect.arrayContaining(['toA', 'toB']));
  const rates = rest.events.flatMap((event) => (event.type === 'stepTaken' ? [event.learningRates] : []));
  expect(rates.every((each) => !('toA' in each))).toBe(true);
  await parameters();
  const half = await open(await temporary(), { steps: 2 });
  half.run.set({ heads: {}, branches: { toB: { learningRate: 0.5 } } });
  await half.run.run();
  const [first] = half.events.flatMap((event) => (event.type === 'stepTaken' ? [event.learningRates] : []));
  expect(first?.toB).toBeCloseTo(0.005, 9);
  await half.parameters();
});

test('what can not be set leaves everything as it was, and names all that is wrong', async () => {
  const { run, parameters } = await open(await temporary(), { steps: 1 });
  const before = run.settings();
  const change = { heads: { a: { weight: 2 }, c: {} }, branches: { toAA: { frozen: true } } };
  expect(() => run.set(change)).toThrow(
    "heads: expected one of 'a', 'b': heads of the model; found 'c'\nbranches: expected one of",
  );
  expect(() => run.set(change)).toThrow("found 'toAA'\n  hint: did you mean 'toA'?");
  expect(() => run.set({ heads: { a: { weight: 3 }, b: { weight: -1 } }, branches: {} })).toThrow(
    'head "b", weight: expected a finite number, 0 or more; found -1',
  );
  expect(run.settings()).toEqual(before);
  expect(() => run.advance(1)).toThrow('run: expected one that is paused; found one that is not');
  await run.run();
  await parameters();
});

test('a run that is paused before it begins takes no step, also when it is stopped then', async () => {
  const directory = await temporary();
  const first = await open(directory, { steps: 3 });
  await first.run.run();
  await first.parameters();
  const second = await open(directory, {}, { resume: 'exact' });
  const paused = second.run.pause('as before');
  const ended = second.run.run();
  await paused;
  await aWhile();
  expect(second.run.isPaused).toBe(true);
  second.run.set({ heads: { a: { weight: 0 } }, branches: {} });
  expect(await second.run.checkpoint()).toBe(true);
  second.run.stop();
  expect(await ended).toMatchObject({ outcome: 'stopped', step: 3 });
  await second.parameters();
  const told = second.events.map(({ type }) => type).filter((type) => type.startsWith('run'));
  expect(told).toEqual(['runStarted', 'runPaused', 'runEnded']);
  const third = await open(directory, { steps: 4 }, { resume: 'exact' });
  await third.run.run();
  expect(third.run.settings().heads.a?.weight).toBe(0);
  await third.parameters();
});

test('a run that waits for data is paused, kept and let go at once', async () => {
  let more = (): void => {};
  const waits = new Promise<void>((resolve) => {
    more = resolve;
  });
  let waiting = (): void => {};
  const isWaiting = new Promise<void>((resolve) => {
    waiting = resolve;
  });
  const slow: Source = {
    ...source,
    async *read(options) {
      let read = 0;
      for await (const reading of source.read(options)) {
        if (++read === 4 && options.from === undefined) {
          waiting();
          await waits;
        }
        yield reading;
      }
    },
  };
  const { run, parameters } = await open(await temporary(), { batches$: batchesOf(slow) });
  const ended = run.run();
  await isWaiting;
  while (run.isWorking || run.step === 0) await aWhile();
  const checkpoint = run.checkpoint();
  await run.pause('nothing to do');
  expect(await checkpoint).toBe(true);
  const before = run.step;
  more();
  await aWhile();
  expect(run.step).toBe(before);
  run.continue();
  await ended;
  expect(await parameters()).toBe(await undisturbed());
});
