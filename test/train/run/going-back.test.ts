import { expect, test } from 'vitest';
import type { TrunklineEvent } from '../../../src/core/event.ts';
import type { Source } from '../../../src/source/source.ts';
import { batch } from '../../../src/stream/batch.ts';
import { fromSource } from '../../../src/stream/from-source.ts';
import type { RunOptions, RunPlan } from '../../../src/train/run/plan.ts';
import { epochs, open, source, temporary } from './sample.ts';

const spike = { factor: 20, window: 5 };
/** The last rows of each epoch have labels of 'a' that can't be. */
const firstBad = 48;
const spiky: Source = {
  ...source,
  async *read(options) {
    for await (const { chunk, ...rest } of source.read(options)) {
      const { a } = chunk.labels as { readonly a: { readonly values: Float32Array; readonly present: Uint8Array } };
      const values = a.values.map((value, row) => ((chunk.keys[row] as number) >= firstBad ? 1000 : value));
      yield { ...rest, chunk: { ...chunk, labels: { ...chunk.labels, a: { ...a, values } } } };
    }
  },
};
const batches$: RunPlan['batches$'] = (restore) =>
  fromSource(spiky, { epochs, rows: 16, ...(restore ? { restore } : {}) }).pipe(batch({ rows: 8 }));

async function begin(directory: string, plan: Partial<RunPlan>, options: Partial<RunOptions> = {}) {
  const events: TrunklineEvent[] = [];
  const opened = await open(
    directory,
    { batches$, checkpoint: { directory: `${directory}/checkpoints`, everySteps: 1, keep: 3 }, ...plan },
    {
      ...options,
      events: (event) => {
        events.push(event);
        options.events?.(event);
      },
    },
    { spike },
  );
  const of = <Type extends TrunklineEvent['type']>(type: Type) =>
    events.filter((event) => event.type === type) as Extract<TrunklineEvent, { readonly type: Type }>[];
  return { ...opened, of };
}

test('steps are taken without the head whose losses are spikes, and a run that was stopped goes on bit for bit', async () => {
  const whole = await begin(await temporary(), {});
  expect(await whole.run.run()).toEqual({ outcome: 'finished', step: 27, epoch: 3 });
  const left = whole.of('stepTaken').filter(({ rejected }) => 'a' in rejected);
  expect(left.length).toBeGreaterThan(5);
  expect(left.every(({ heads }) => 'b' in heads)).toBe(true);
  const expected = await whole.parameters();
  const directory = await temporary();
  for (const stop of [4, 8, 16]) {
    const part = await begin(
      directory,
      {},
      {
        ...(stop === 4 ? {} : { resume: 'exact' as const }),
        events: (event) => event.type === 'stepTaken' && event.step === stop && part.run.stop(),
      },
    );
    await part.run.run();
    await part.parameters();
  }
  const last = await begin(directory, {}, { resume: 'exact' });
  expect(await last.run.run()).toEqual({ outcome: 'finished', step: 27, epoch: 3 });
  expect(await last.parameters()).toBe(expected);
});

test('after some spikes in a row the model is what it was at the last checkpoint, and the data go on', async () => {
  const { run, of, parameters } = await begin(await temporary(), { goBackAfter: 2 });
  expect(await run.run()).toEqual({ outcome: 'finished', step: 27, epoch: 3 });
  const [first] = of('modelWentBack');
  expect(first?.reason).toBe("2 losses of 'a' in a row are spikes");
  expect(first?.to).toBeLessThan(first?.step as number);
  expect(of('stepTaken').map(({ step }) => step)).toEqual(Array.from({ length: 27 }, (_, at) => at + 1));
  expect(of('epochEnded').at(-1)?.counts).toMatchObject({ received: 210, pending: 0 });
  await parameters();
});

test('when going back was of no use the run pauses, and says why', async () => {
  const checkpoint = (directory: string) => ({ directory: `${directory}/checkpoints`, everyEpochs: 1, keep: 2 });
  const directory = await temporary();
  const paused = await begin(
    directory,
    { goBackAfter: 2, checkpoint: checkpoint(directory) },
    { events: ({ type }) => type === 'runPaused' && paused.run.stop() },
  );
  expect(await paused.run.run()).toMatchObject({ outcome: 'stopped' });
  expect(paused.of('runPaused').map(({ reason }) => reason)).toEqual([
    "2 losses of 'a' in a row are spikes, and there is no checkpoint to go back to",
  ]);
  await paused.parameters();
});
