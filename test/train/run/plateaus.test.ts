import { expect, test } from 'vitest';
import type { TrunklineEvent } from '../../../src/core/event.ts';
import type { RunOptions } from '../../../src/train/run/plan.ts';
import { type PlateauOptions, Plateaus } from '../../../src/train/run/plateaus.ts';
import { open, source, temporary } from './sample.ts';

/** So much progress makes none: a head falls with its second evaluation. */
const least = { patience: 0, threshold: 0.99, factor: 0.1 };

async function begin(directory: string, plateau: PlateauOptions, options: Partial<RunOptions> = {}) {
  const events: TrunklineEvent[] = [];
  const opened = await open(
    directory,
    {
      plateaus: new Plateaus(plateau),
      evaluations: [{ source, everyEpochs: 1 }],
      checkpoint: { directory: `${directory}/checkpoints`, everyEpochs: 1, keep: 3 },
    },
    {
      ...options,
      events: (event) => {
        events.push(event);
        options.events?.(event);
      },
    },
  );
  const changes = () => events.filter((event) => event.type === 'settingsChanged');
  return { ...opened, changes };
}

test('a head whose loss falls no more is frozen, and a run that was stopped goes on bit for bit', async () => {
  const plateau: PlateauOptions = { heads: 'b', action: 'freeze', ...least };
  const whole = await begin(await temporary(), plateau);
  expect(await whole.run.run()).toMatchObject({ outcome: 'finished', step: 27 });
  expect(whole.changes()).toEqual([
    { type: 'settingsChanged', step: 18, heads: { b: { frozen: true } }, branches: {} },
  ]);
  expect(whole.run.settings().heads).toMatchObject({ a: { frozen: false }, b: { frozen: true } });
  const expected = await whole.parameters();
  for (const stop of [10, 20]) {
    const directory = await temporary();
    const part = await begin(directory, plateau, {
      events: (event) => event.type === 'stepTaken' && event.step === stop && part.run.stop(),
    });
    expect(await part.run.run()).toMatchObject({ outcome: 'stopped' });
    await part.parameters();
    const rest = await begin(directory, plateau, { resume: 'exact' });
    expect(await rest.run.run()).toMatchObject({ outcome: 'finished', step: 27 });
    expect(rest.run.settings().heads).toMatchObject({ a: { frozen: false }, b: { frozen: true } });
    expect(await rest.parameters()).toBe(expected);
  }
});

test('or learns more slowly, again and again', async () => {
  const { run, changes, parameters } = await begin(await temporary(), { heads: '*', action: 'reduce', ...least });
  await run.run();
  expect(changes().map(({ step, heads }) => [step, heads])).toEqual([
    [18, { a: { learningRate: 0.1 }, b: { learningRate: 0.1 } }],
    [27, { a: { learningRate: expect.closeTo(0.01) }, b: { learningRate: expect.closeTo(0.01) } }],
  ]);
  await parameters();
});

test('a head that makes progress is left as it is', async () => {
  const { run, changes, parameters } = await begin(await temporary(), {
    heads: '*',
    action: 'freeze',
    patience: 3,
    threshold: 0,
    factor: 0.1,
  });
  await run.run();
  expect(changes()).toEqual([]);
  await parameters();
});
