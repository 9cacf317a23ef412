import { expect, test } from 'vitest';
import { ManualClock } from '../../src/core/clock.ts';
import type { RunStarted } from '../../src/core/train-event.ts';
import { Progress } from '../../src/report/progress.ts';
import { headsEvaluated, stepTaken } from './sample.ts';

const started: RunStarted = {
  type: 'runStarted',
  name: 'assays',
  directory: 'runs/assays',
  step: 0,
  epoch: 0,
  epochs: 2,
  rowsPerEpoch: 1000,
  heads: ['a', 'b', 'c', 'd'],
};

function open(live = false) {
  const clock = new ManualClock();
  const printed: string[] = [];
  const shown: string[] = [];
  const progress = new Progress({
    clock,
    intervalMs: 10_000,
    print: (line) => printed.push(line),
    ...(live ? { live: (line: string) => shown.push(line) } : {}),
  });
  return { clock, printed, shown, event: progress.event };
}

test('a line is printed when the time for one has come, with pace, rest, loss and the worst heads', async () => {
  const { clock, printed, event } = open();
  event(started);
  await clock.advance(5_000);
  event(stepTaken({ rows: 100, loss: 1, heads: { a: [0.1, 5], b: [0.4, 5] } }));
  expect(printed).toEqual(['training assays: 4 heads, run folder runs/assays']);
  await clock.advance(5_000);
  event(stepTaken({ rows: 100, loss: 2, heads: { c: [0.3, 5], d: [0.2, 5] } }));
  expect(printed.slice(1)).toEqual([
    'epoch 1/2  20 %  20 samples/s  1 min 30 s left  loss 1.5000  highest b 0.4000, c 0.3000, d 0.2000',
  ]);
});

test('on a terminal the line is replaced, and phases are printed', async () => {
  const { clock, printed, shown, event } = open(true);
  event({ ...started, step: 1200 });
  await clock.advance(10_000);
  event(stepTaken({ rows: 1000, loss: 1, heads: { a: [0.1, 5] } }));
  event(stepTaken({ rows: 1, loss: 3 }));
  event({ type: 'epochEnded', epoch: 1, step: 2, counts: {}, durationMs: 10_000 });
  event(
    headsEvaluated({
      a: { loss: 0.5, labels: 4, metrics: { rocAuc: 0.75, mcc: null } },
      b: { loss: null, labels: 0, metrics: { rocAuc: 0.25 } },
    }),
  );
  expect(shown).toHaveLength(1);
  expect(printed).toEqual([
    'training assays: 4 heads, run folder runs/assays, going on from step 1,200',
    'epoch 1/2 ended at step 2 after 10.0 s (100 samples/s), loss 3.0000',
    '  on test (1,000 rows, 1.5 s): loss 0.5000, rocAuc 0.5000, mcc – (means over heads)',
  ]);
});

test('an evaluation that takes long says how far it has come', async () => {
  const { clock, printed, event } = open();
  event(started);
  const place = { type: 'rowsEvaluated', source: 'test', step: 3, epoch: 1 } as const;
  const heads = { a: { loss: 0.25, labels: 5 }, b: { loss: 0.75, labels: 5 } };
  await clock.advance(9_000);
  event({ ...place, rows: 1000, of: 4000, heads, durationMs: 9_000 });
  await clock.advance(1_000);
  event({ ...place, rows: 1200, of: 4000, heads, durationMs: 10_000 });
  await clock.advance(10_000);
  event({ ...place, rows: 2400, heads: { a: { loss: 0.5, labels: 9 } }, durationMs: 20_000 });
  expect(printed.slice(1)).toEqual([
    '  on test  30 %  120 samples/s  23.3 s left  loss 0.5000  highest b 0.7500, a 0.2500',
    '  on test  2,400 rows  120 samples/s  loss 0.5000',
  ]);
});

test('what went wrong is said', () => {
  const { printed, event } = open();
  event({ type: 'checkpointDamaged', step: 7, path: 'c', message: 'cut short' });
  event({ type: 'workerFailed', message: 'out of memory' });
  expect(printed).toEqual([
    'warning: the checkpoint of step 7 is damaged and was passed over: cut short',
    "the engine's worker failed: out of memory",
  ]);
});

test('of many short epochs there is a line a second, and one for the last', async () => {
  const { clock, printed, event } = open();
  event({ ...started, epochs: 60 });
  for (let epoch = 1; epoch <= 60; epoch++) {
    await clock.advance(100);
    event({ type: 'epochEnded', epoch, step: epoch, counts: {}, durationMs: 100 });
  }
  const told = printed.slice(1).map((line) => Number(/^epoch (\d+)\/60 /.exec(line)?.[1]));
  expect(told).toEqual([1, 11, 21, 31, 41, 51, 60]);
});
