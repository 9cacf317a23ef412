import { expect, test } from 'vitest';
import { ManualClock } from '../../src/core/clock.ts';
import { type MetricLine, MetricLines } from '../../src/report/metrics-file.ts';
import { headsEvaluated, stepTaken } from './sample.ts';

test('one line stands for some steps together, and none is left out at the end', () => {
  const lines: MetricLine[] = [];
  const { event } = new MetricLines({ clock: new ManualClock(0), everySteps: 2, write: (line) => lines.push(line) });
  for (const step of [1, 2, 3]) event(stepTaken({ step, rows: 8, loss: step, heads: { a: [step, 1] } }));
  event({ type: 'epochEnded', epoch: 1, step: 3, counts: {}, durationMs: 1 });
  event(headsEvaluated({ a: { loss: 1, labels: 2, metrics: {} } }, 3));
  event({ type: 'headsScored', step: 3, epoch: 1, heads: { a: { labels: 5, metrics: { mcc: 0.5, rocAuc: null } } } });
  event({ type: 'runEnded', outcome: 'finished', step: 3, epoch: 1, durationMs: 1 });
  const time = '1970-01-01T00:00:00.000Z';
  // As they are read again: what is undefined is null, and what was not asked for is not there.
  expect(JSON.parse(JSON.stringify(lines))).toEqual([
    { type: 'train', time, step: 2, epoch: 1, rows: 16, loss: 1.5, heads: { a: { loss: 1.5, labels: 2 } } },
    { type: 'train', time, step: 3, epoch: 1, rows: 8, loss: 3, heads: { a: { loss: 3, labels: 1 } } },
    { type: 'evaluation', time, step: 3, epoch: 1, source: 'test', heads: { a: { loss: 1, labels: 2, metrics: {} } } },
    { type: 'prequential', time, step: 3, epoch: 1, heads: { a: { labels: 5, metrics: { mcc: 0.5, rocAuc: null } } } },
  ]);
});
