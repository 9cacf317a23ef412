import { expect, test } from 'vitest';
import { ManualClock } from '../../src/core/clock.ts';
import { HeadTable } from '../../src/report/head-table.ts';
import { headsEvaluated, stepTaken } from './sample.ts';

test('each head has its labels, losses, metrics and how long ago it had a label; undefined is a dash', async () => {
  const clock = new ManualClock();
  const table = new HeadTable(clock);
  table.event({ type: 'runStarted', name: 'r', directory: 'd', step: 0, epoch: 0, heads: ['tox', 'sol', 'silent'] });
  table.event(stepTaken({ heads: { tox: [0.5, 1000], sol: [2, 1] } }));
  table.event({ type: 'epochEnded', epoch: 1, step: 1, counts: {}, durationMs: 1 });
  await clock.advance(90_000);
  table.event(stepTaken({ heads: { tox: [0.25, 234] } }));
  table.event(
    headsEvaluated({
      tox: { loss: 0.5, labels: 10, metrics: { rocAuc: 0.75 } },
      sol: { loss: 1, labels: 3, metrics: { rocAuc: null } },
    }),
  );
  expect(table.format().split('\n')).toEqual([
    'head        labels    loss  test labels  test loss  rocAuc      last label',
    '──────────────────────────────────────────────────────────────────────────',
    'tox          1,234  0.2500           10     0.5000  0.7500        0 ms ago',
    'sol              1  2.0000            3     1.0000       –  1 min 30 s ago',
    'silent           0       –            –          –       –           never',
    'all (mean)   1,235  1.1250           13     0.7500  0.7500',
  ]);
});

test('without a step it is about the evaluation alone', () => {
  const table = new HeadTable(new ManualClock());
  table.event({ type: 'runStarted', name: 'r', directory: 'd', step: 9, epoch: 1, heads: ['tox', 'sol'] });
  table.event(
    headsEvaluated({
      tox: { loss: 0.5, labels: 10, metrics: { rocAuc: 0.75 } },
      sol: { loss: 1, labels: 3, metrics: { rocAuc: null } },
    }),
  );
  expect(table.format().split('\n')).toEqual([
    'head        labels    loss  rocAuc',
    '──────────────────────────────────',
    'tox             10  0.5000  0.7500',
    'sol              3  1.0000       –',
    'all (mean)      13  0.7500  0.7500',
  ]);
});

test('scores while training stand apart, under a name that is not narrowed', () => {
  const table = new HeadTable(new ManualClock());
  table.event({ type: 'runStarted', name: 'r', directory: 'd', step: 0, epoch: 0, heads: ['tox', 'sol'] });
  table.event(stepTaken({ heads: { tox: [0.5, 1000], sol: [2, 1] } }));
  const tox = { labels: 5, metrics: { rocAuc: 0.625 } };
  const sol = { labels: 1, metrics: { rocAuc: null } };
  table.event({ type: 'headsScored', step: 1, epoch: 1, heads: { tox, sol } });
  table.event(headsEvaluated({ tox: { loss: 0.5, labels: 10, metrics: { rocAuc: 0.75 } } }));
  expect(table.format().split('\n')).toEqual([
    'head        labels    loss  prequential rocAuc  test labels  test loss  rocAuc  last label',
    '──────────────────────────────────────────────────────────────────────────────────────────',
    'tox          1,000  0.5000              0.6250           10     0.5000  0.7500    0 ms ago',
    'sol              1  2.0000                   –            –          –       –    0 ms ago',
    'all (mean)   1,001  1.2500              0.6250           10     0.5000  0.7500',
  ]);
});

test('titles are whole where there is room', () => {
  const table = new HeadTable(new ManualClock());
  const metrics = Object.fromEntries(
    ['rootMeanSquaredError', 'meanAbsoluteError', 'meanSquaredError', 'r2', 'pearson', 'spearman'].map((metric) => [
      metric,
      0.5,
    ]),
  );
  table.event(headsEvaluated({ 'a head with quite a long name': { loss: 1, labels: 3, metrics } }));
  const first = (room?: number) => table.format(room).split('\n')[0];
  expect(first()).toContain('…');
  expect(first(40)).toBe(first());
  expect(first(140)).toContain('rootMeanSquaredError');
});
