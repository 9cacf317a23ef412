import { expect, test } from 'vitest';
import { StepWindow } from '../../src/report/window.ts';
import { stepTaken } from './sample.ts';

test('losses of heads are means by labels, over the steps in which they had any', () => {
  const window = new StepWindow();
  window.add(stepTaken({ rows: 4, loss: 2, heads: { a: [1, 3], b: [10, 1] }, computeMs: 5 }));
  window.add(stepTaken({ rows: 6, loss: 4, heads: { a: [5, 1] }, waitMs: 7 }));
  const summary = window.take();
  expect(summary).toMatchObject({ steps: 2, rows: 10, loss: 3 });
  expect(summary.heads).toEqual({ a: { loss: 2, labels: 4 }, b: { loss: 10, labels: 1 } });
  expect(summary.times).toEqual({ waitMs: 7, assembleMs: 0, computeMs: 5, mergeMs: 0, updateMs: 0 });
  expect(window.summary()).toMatchObject({ steps: 0, rows: 0, loss: undefined, heads: {} });
});

test('the mean loss of a head does not depend on its denominator', () => {
  const window = new StepWindow();
  // Sums of 6 over 2 labels and of 1 over 1 label, in batches of 8 and 4 rows.
  window.add(stepTaken({ rows: 8, heads: { a: [6 / 8, 2, 8] } }));
  window.add(stepTaken({ rows: 4, heads: { a: [1 / 4, 1, 4] } }));
  expect(window.summary().heads).toEqual({ a: { loss: 7 / 3, labels: 3 } });
});
