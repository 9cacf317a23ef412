import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import type { TrunklineEvent } from '../../../src/core/event.ts';
import type { HeadsEvaluated } from '../../../src/core/train-event.ts';
import type { Source } from '../../../src/source/source.ts';
import type { RunOptions } from '../../../src/train/run/plan.ts';
import { batchesOf, open, source, temporary } from './sample.ts';

const of = <Type extends TrunklineEvent['type']>(events: readonly TrunklineEvent[], type: Type) =>
  events.filter((event) => event.type === type) as Extract<TrunklineEvent, { readonly type: Type }>[];

/** Parameters after a run that nothing interrupted. */
let expected = '';
beforeAll(async () => {
  const { run, parameters } = await open(await temporary(afterAll));
  expect(await run.run()).toEqual({ outcome: 'finished', step: 27, epoch: 3 });
  expected = await parameters();
});

test('a run that was stopped goes on bit for bit, wherever and however often', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 3 }), async (stops) => {
      const directory = await temporary();
      let resume: RunOptions['resume'];
      for (const stop of stops) {
        let taken = 0;
        const part = await open(
          directory,
          {},
          {
            ...(resume ? { resume } : {}),
            events: (event) => {
              if (event.type === 'stepTaken' && ++taken === stop) part.run.stop();
            },
          },
        );
        const { outcome } = await part.run.run();
        await part.parameters();
        resume = 'exact';
        if (outcome === 'finished') break;
      }
      const last = await open(directory, {}, resume ? { resume } : {});
      expect(await last.run.run()).toEqual({ outcome: 'finished', step: 27, epoch: 3 });
      expect(await last.parameters()).toBe(expected);
    }),
    { numRuns: 8 },
  );
}, 120_000);

test('an evaluation that takes long tells how far it has come', async () => {
  let nowMs = 0;
  const clock = { ...systemClock, monotonicMs: () => (nowMs += 300) };
  const evaluations = [{ source, rows: 70, batchRows: 32 }];
  const { run, events, parameters } = await open(await temporary(), { evaluations }, { clock });
  await run.run();
  await parameters();
  const told = of(events, 'rowsEvaluated');
  expect(told.map(({ rows, of: all }) => [rows, all])).toEqual([32, 64, 70].map((rows) => [rows, 70]));
  const [{ heads }] = of(events, 'headsEvaluated') as [HeadsEvaluated];
  for (const head of ['a', 'b'])
    expect(told.at(-1)?.heads[head]).toEqual({ loss: heads[head]?.loss, labels: heads[head]?.labels });
});

test('a run that failed goes on from its last checkpoint, and trains what was not kept again, bit for bit', async () => {
  const directory = await temporary();
  let readings = 0;
  const failing: Source = {
    ...source,
    async *read(options) {
      for await (const reading of source.read(options)) {
        if (++readings === 8) throw new Error('unplugged');
        yield reading;
      }
    },
  };
  const checkpoint = { directory: join(directory, 'checkpoints'), everySteps: 2, keep: 2 };
  const first = await open(directory, { checkpoint, batches$: batchesOf(failing) });
  await expect(first.run.run()).rejects.toThrow('unplugged');
  await first.parameters();
  expect(of(first.events, 'runEnded')).toMatchObject([{ outcome: 'failed', message: 'unplugged' }]);
  const kept = of(first.events, 'checkpointWritten').at(-1)?.step;
  const second = await open(directory, { checkpoint }, { resume: 'exact' });
  await second.run.run();
  expect(of(second.events, 'runStarted')).toMatchObject([{ step: kept }]);
  expect(kept).toBeGreaterThan(1);
  expect(await second.parameters()).toBe(expected);
});

test('what can not be forgotten is told, and the checkpoint that covers it is one', async () => {
  const directory = await temporary();
  const { run, events, parameters } = await open(directory, {
    covered: () => Promise.reject(new Error('a full disk')),
    checkpoint: { directory: join(directory, 'checkpoints'), everySteps: 5, keep: 2 },
  });
  await run.run();
  expect(of(events, 'checkpointFailed')).toEqual([]);
  expect(of(events, 'checkpointWritten').length).toBeGreaterThan(1);
  expect(of(events, 'forgettingFailed')).toContainEqual({
    type: 'forgettingFailed',
    source: 'train',
    message: 'a full disk',
  });
  await parameters();
});

test('heads are scored after epochs and at the end, once at the same step, and checkpoints come in time', async () => {
  const directory = await temporary();
  const { run, events, parameters } = await open(directory, {
    evaluations: [{ source, everyEpochs: 2 }],
    checkpoint: { directory: join(directory, 'checkpoints'), everySteps: 5, keep: 2 },
  });
  await run.run();
  expect(await parameters()).toBe(expected);
  expect(of(events, 'headsEvaluated').map(({ step }) => step)).toEqual([18, 27]);
  const kept = of(events, 'checkpointWritten').map(({ step }) => step);
  expect(kept.at(-1)).toBe(27);
  expect(kept.length).toBeGreaterThanOrEqual(3);
  const gaps = kept.slice(1, -1).map((step, at) => step - (kept[at] as number));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(5);
  const counts = { received: 210, trained: 210, pending: 0 };
  expect(of(events, 'epochEnded').at(-1)).toMatchObject({ epoch: 3, counts });
});

test('heads are scored after exactly so many steps, also when the run is stopped and goes on', async () => {
  const directory = await temporary();
  const plan = { evaluations: [{ source, everySteps: 4 }] };
  const steps: number[] = [];
  for (const most of [4, 10, Number.POSITIVE_INFINITY]) {
    const { run, events, parameters } = await open(directory, plan, most === 4 ? {} : { resume: 'exact' });
    const told = events.push.bind(events);
    events.push = (...more) => {
      for (const event of more) if (event.type === 'stepTaken' && event.step === most) run.stop();
      return told(...more);
    };
    await run.run();
    await parameters();
    steps.push(...of(events, 'headsEvaluated').map(({ step }) => step));
  }
  expect([...new Set(steps)]).toEqual([4, 8, 12, 16, 20, 24, 27]);
});

test('a run of so many steps takes no more, and goes on when it may take more', async () => {
  const directory = await temporary();
  const first = await open(directory, { steps: 10 });
  expect(await first.run.run()).toMatchObject({ outcome: 'finished', step: 10 });
  await first.parameters();
  const second = await open(directory, {}, { resume: 'exact' });
  expect(await second.run.run()).toMatchObject({ step: 27 });
  expect(await second.parameters()).toBe(expected);
});

test('what decides the numbers must be as it was, and there must be something to go on from', async () => {
  const directory = await temporary();
  const none = await open(directory, {}, { resume: 'exact' });
  await expect(none.run.run()).rejects.toThrow(
    `${join(directory, 'checkpoints')}: expected a checkpoint to go on from; found none\n  hint: begin the run without resuming`,
  );
  await none.parameters();
  const first = await open(directory, { steps: 3 });
  await first.run.run();
  await first.parameters();
  const other = await open(directory, { identity: { seed: 8, stream: { batch: 4 } } }, { resume: 'exact' });
  await expect(other.run.run()).rejects.toThrow(
    'seed: expected 9, as when it was begun; found 8\nstream: expected nothing, as when it was begun; found an object with batch',
  );
  await other.parameters();
});

test('scores while training are told of at the end of every epoch, and a run that goes on has those it would have had', async () => {
  const whole = await open(await temporary());
  await whole.run.run();
  await whole.parameters();
  const scores = of(whole.events, 'headsScored');
  expect(scores.map(({ step, heads }) => [step, Object.keys(heads), heads.a?.labels])).toEqual([
    [9, ['a'], 30],
    [18, ['a'], 30],
    [27, ['a'], 30],
  ]);
  const directory = await temporary();
  const first: Awaited<ReturnType<typeof open>> = await open(
    directory,
    {},
    { events: (event) => event.type === 'stepTaken' && event.step === 11 && first.run.stop() },
  );
  await first.run.run();
  await first.parameters();
  const second = await open(directory, {}, { resume: 'exact' });
  await second.run.run();
  await second.parameters();
  expect(of(second.events, 'headsScored')).toEqual(scores.slice(1));
});
