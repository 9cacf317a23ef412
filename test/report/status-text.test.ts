import { expect, test } from 'vitest';
import { statusText } from '../../src/report/status-text.ts';
import { statusOf } from '../../src/report/telemetry/status.ts';
import { statusSchema } from '../../src/report/telemetry/status-schema.ts';
import { stepTaken } from './sample.ts';
import { flow, open, runStarted } from './telemetry/sample.ts';

/** How a pipeline of some heads stands after a while, as it comes from its server. */
async function standing(heads: readonly string[]) {
  const { telemetry, event, clock } = open();
  const setting = { weight: 1, learningRate: 1, frozen: false };
  const settings = { heads: { a: { ...setting, weight: 0.5, frozen: true }, b: setting }, branches: {} };
  telemetry.probe(() => ({ flows: [flow()], settings }));
  event({ type: 'engineChosen', engine: 'onnx-cpu', runner: 'koffi', threads: 2, reason: 'it is the default' });
  event(runStarted(heads));
  await clock.advance(2000);
  event(
    stepTaken({ step: 1, rows: 8, loss: 3, heads: Object.fromEntries(heads.map((head, at) => [head, [at + 1, 4]])) }),
  );
  event({ type: 'checkpointWritten', step: 1, path: '/secret', sizeBytes: 2048, copyMs: 1, durationMs: 1 });
  const scores = Object.fromEntries(
    heads.map((head) => [head, { labels: 4, metrics: { rocAuc: head === 'a' ? null : 0.75 } }]),
  );
  event({ type: 'headsScored', step: 1, epoch: 0, heads: scores });
  await clock.advance(8000);
  telemetry.look();
  const status = statusSchema.parse(JSON.parse(JSON.stringify(statusOf(telemetry))));
  return { status, nowMs: clock.nowMs() };
}

test('what a pipeline does, its flows and its heads are shown, the highest loss first', async () => {
  const { status, nowMs } = await standing(['a', 'b']);
  expect(statusText(status, { width: 100, nowMs })).toMatchInlineSnapshot(`
    "pipeline      assays: training, up 10.0 s, Trunkline 1.2.3
    steps         1 in epoch 1, loss 3.0000
    rate          0.1 steps/s, 1 rows/s
    engine        onnx-cpu through koffi, threads 2, busy 0 %
    checkpoint    step 1, 8.0 s ago, 2.0 KiB

    flow   received  trained  pending  rejected     queued
    ──────────────────────────────────────────────────────
    train        10        5        4         1  400 bytes

    head    loss  weight    rate  rocAuc    trained
    ───────────────────────────────────────────────
    b     2.0000       1       1  0.7500  8.0 s ago
    a     1.0000     0.5  frozen       –  8.0 s ago"
  `);
});

test('what does not fit is cut, and said to be', async () => {
  const { status, nowMs } = await standing(Array.from({ length: 40 }, (_, at) => `head${at}`));
  const text = statusText(status, { width: 80, height: 20, nowMs });
  const lines = text.split('\n');
  expect(lines.length).toBeLessThanOrEqual(20);
  expect(lines.at(-1)).toMatch(/^and \d+ heads with lower losses$/);
  expect(text).toContain('head39');
  expect(text).not.toContain('head0 ');
  expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(80);
});

test('what is starting, or writes over a terminal, is shown too', async () => {
  const { telemetry, clock } = open();
  telemetry.look();
  const status = statusSchema.parse(JSON.parse(JSON.stringify(statusOf(telemetry))));
  expect(statusText(status, { width: 80, nowMs: clock.nowMs() })).toContain('not ready     it is starting\n');
  const named = { ...status, name: '\u001b[2Jx', heads: {} };
  expect(statusText(named, { width: 80, nowMs: clock.nowMs() })).not.toContain('\u001b');
});
