import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TrunklineEvent } from '../../../src/core/event.ts';
import { metricTable } from '../../../src/report/telemetry/table/index.ts';
import { headsEvaluated, stepTaken } from '../sample.ts';
import { flow, open, runStarted } from './sample.ts';

test('a process that has done nothing has no values that it does not know', async () => {
  const { series } = open();
  const values = await series();
  expect(values.get('trunkline_steps_total')).toBe(0);
  expect(values.get('trunkline_state{state="starting"}')).toBe(1);
  expect(values.get('trunkline_ready')).toBe(0);
  for (const unknown of ['trunkline_loss', 'trunkline_engine_busy_ratio', 'trunkline_checkpoint_step'])
    expect(values.has(unknown)).toBe(false);
});

test('what is known to be counted begins at 0, so that its first rise is seen', async () => {
  const { event, series } = open();
  event(runStarted(['a']));
  const values = await series();
  for (const counter of [
    'trunkline_steps_skipped_total{reason="notFinite"}',
    'trunkline_checkpoints_total{result="failed"}',
    'trunkline_reloads_total{result="applied"}',
    'trunkline_pauses_total',
    'trunkline_model_went_back_total',
    'trunkline_head_labels_total{head="a"}',
    'trunkline_heads_left_out_total{head="a"}',
  ])
    expect([counter, values.get(counter)]).toEqual([counter, 0]);
});

test('rates and losses are those of the last whole interval, however often they are asked for', async () => {
  const { clock, event, series } = open();
  event(runStarted(['a', 'b']));
  event(stepTaken({ step: 1, rows: 8, loss: 3, computeMs: 1000, updateMs: 1000, heads: { a: [2, 4], b: [1, 1] } }));
  await clock.advance(5000);
  event(stepTaken({ step: 2, rows: 8, loss: 1, computeMs: 3000, heads: { a: [1, 4] } }));
  expect((await series()).has('trunkline_loss')).toBe(false);
  await clock.advance(5000);
  await series();
  const values = await series();
  expect(values.get('trunkline_loss')).toBe(2);
  expect(values.get('trunkline_engine_busy_ratio')).toBe(0.5);
  expect(values.get('trunkline_head_loss{head="a"}')).toBe(1.5);
  expect(values.get('trunkline_head_loss{head="b"}')).toBe(1);
  expect(values.get('trunkline_head_labels_total{head="a"}')).toBe(8);
  expect(values.get('trunkline_head_staleness_seconds{head="a"}')).toBe(5);
  expect(values.get('trunkline_head_staleness_seconds{head="b"}')).toBe(10);
  expect(values.get('trunkline_step_seconds_count{stage="compute"}')).toBe(2);
  expect(values.get('trunkline_step_seconds_sum{stage="compute"}')).toBe(4);
  await clock.advance(10_000);
  // Nothing came: what was known of heads stays, with how long ago that was.
  const later = await series();
  expect(later.get('trunkline_head_loss{head="a"}')).toBe(1.5);
  expect(later.get('trunkline_engine_busy_ratio')).toBe(0);
  expect(later.has('trunkline_loss')).toBe(false);
});

test('received is pending and every outcome together, in what is told of flows', async () => {
  const { telemetry, series } = open();
  telemetry.probe(() => ({ flows: [flow()], settings: undefined }));
  const values = await series();
  expect(values.get('trunkline_samples_received_total{source="train"}')).toBe(10);
  expect(values.get('trunkline_samples_pending{source="train"}')).toBe(4);
  expect(values.get('trunkline_samples_outcome_total{source="train",outcome="trained"}')).toBe(5);
  expect(values.get('trunkline_samples_rejected_total{source="train",reason="badValue"}')).toBe(1);
  expect(values.get('trunkline_queue_bytes{source="train"}')).toBe(400);
});

test('what joins count is told by what it means', async () => {
  const { telemetry, series } = open();
  const counts = {
    labelsReceived: 7,
    labelsUsed: 3,
    labelsLate: 1,
    labelsExpired: 2,
    samplesWaiting: 5,
    labelsWaiting: 1,
  };
  telemetry.probe(() => ({
    flows: [flow({ name: 'join', operators: [{ name: 'join', counts }] }), flow({ name: 'other' })],
    settings: undefined,
  }));
  const values = await series();
  expect(values.get('trunkline_join_labels_received_total{source="join"}')).toBe(7);
  expect(values.get('trunkline_join_labels_total{source="join",outcome="late"}')).toBe(1);
  expect(values.get('trunkline_join_labels_total{source="join",outcome="orphaned"}')).toBe(2);
  expect(values.get('trunkline_join_waiting{source="join",kind="samples"}')).toBe(5);
  expect([...values.keys()].filter((name) => name.includes('join_') && name.includes('"other"'))).toEqual([]);
});

test('heads beyond the cap are one series; those that were admitted stay, and counters never fall', async () => {
  const names = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uniqueArray(fc.constantFrom(...'abcdefgh'), { minLength: 1 }), { minLength: 1, maxLength: 8 }),
      names,
      async (runs, trained) => {
        const { event, series } = open({ mostHeads: 3 });
        let before = new Map<string, number>();
        let labels = 0;
        for (const heads of runs) {
          event(runStarted(heads));
          const present = trained.filter((name) => heads.includes(name));
          event(stepTaken({ heads: Object.fromEntries(present.map((name) => [name, [1, 2] as const])) }));
          labels += 2 * new Set(present).size;
          const now = await series();
          const counted = [...now].filter(([name]) => name.startsWith('trunkline_head_labels_total'));
          expect(counted.reduce((sum, [, value]) => sum + value, 0)).toBe(labels);
          expect(counted.filter(([name]) => !name.includes('__other__')).length).toBeLessThanOrEqual(3);
          for (const [name, value] of before)
            if (name.includes('_total')) expect(now.get(name) ?? 0).toBeGreaterThanOrEqual(value);
          before = now;
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('heads without series of their own are seen: the worst by name, and how many are silent', async () => {
  const { clock, event, series } = open({ mostHeads: 2 });
  event(runStarted(['a', 'b', 'c', 'd']));
  event(stepTaken({ heads: { a: [1, 1], b: [2, 1], c: [9, 1] } }));
  await clock.advance(300_000);
  event(stepTaken({ heads: { a: [1, 1] } }));
  const values = await series();
  expect(values.get('trunkline_heads')).toBe(4);
  expect(values.get('trunkline_heads_silent')).toBe(3);
  expect(values.get('trunkline_heads_cut')).toBe(2);
  expect(values.get('trunkline_worst_head_loss{head="c"}')).toBe(9);
  expect(values.get('trunkline_head_staleness_seconds{head="__other__"}')).toBe(300);
});

test('scores are told by head and source; what is undefined is left out', async () => {
  const { event, series } = open();
  event(runStarted(['a', 'b']));
  event(headsEvaluated({ a: { loss: 0.5, labels: 4, metrics: { rocAuc: 0.75, mcc: null } } }));
  event({ type: 'headsScored', step: 1, epoch: 1, heads: { b: { labels: 9, metrics: { rocAuc: 0.6 } } } });
  const values = await series();
  expect(values.get('trunkline_head_prequential_score{head="b",metric="rocAuc"}')).toBe(0.6);
  expect(values.get('trunkline_head_score{head="a",source="test",metric="rocAuc"}')).toBe(0.75);
  expect([...values.keys()].some((name) => name.includes('mcc'))).toBe(false);
  expect(values.get('trunkline_head_evaluation_loss{head="a",source="test"}')).toBe(0.5);
});

test('readiness says everything that keeps a pipeline from training, and names no file', async () => {
  const { telemetry, event } = open();
  expect(telemetry.hindrances()).toEqual(['it is starting']);
  event(runStarted(['a']));
  expect(telemetry.hindrances()).toEqual([]);
  event({ type: 'checkpointFailed', step: 3, message: "ENOSPC: '/secret/runs/x'" });
  event({ type: 'sourceAway', source: 'live', message: "ENOENT: '/secret/in'" });
  event({ type: 'runPaused', step: 3, reason: 'by somebody', asked: true });
  expect(telemetry.hindrances()).toEqual([
    'training is paused: by somebody',
    'the last checkpoint could not be written: the log says why',
    "source 'live' can not be reached: the log says why",
  ]);
  event({ type: 'checkpointWritten', step: 4, path: '/secret', sizeBytes: 10, copyMs: 1, durationMs: 5 });
  event({ type: 'sourceBack', source: 'live', awayMs: 100 });
  event({ type: 'runContinued', step: 4 });
  expect(telemetry.hindrances()).toEqual([]);
  event({ type: 'workerFailed', message: 'gone' });
  event({ type: 'runEnded', outcome: 'failed', step: 4, epoch: 0, durationMs: 1, message: '/secret' });
  expect(telemetry.hindrances()).toEqual(['training has failed: the log says why', "the engine's worker has failed"]);
});

test('branches that went with their heads are told no more', async () => {
  const { event, series } = open();
  event(runStarted(['a', 'b']));
  event(stepTaken({ gradientNorms: { trunk: 1, b: 2 }, learningRates: { trunk: 0.1, b: 0.1 } }));
  expect((await series()).get('trunkline_branch_gradient_norm{branch="b"}')).toBe(2);
  event(runStarted(['a'], 1));
  event(stepTaken({ gradientNorms: { trunk: 3 }, learningRates: { trunk: 0.1 } }));
  const branches = [...(await series())].filter(([name]) => name.startsWith('trunkline_branch_'));
  expect(branches).toEqual([
    ['trunkline_branch_gradient_norm{branch="trunk"}', 3],
    ['trunkline_branch_learning_rate{branch="trunk"}', 0.1],
  ]);
});

/** One of every kind that telemetry makes something of. */
const everything: readonly TrunklineEvent[] = [
  { type: 'engineChosen', engine: 'onnx-cpu', runner: 'koffi', threads: 2, reason: 'asked for' },
  runStarted(['a', 'b']),
  { type: 'programCompiled', program: 'p', nodes: 1, stages: 1, recordMs: 1, encodeMs: 1, sessionMs: 1, sizeBytes: 1 },
  { type: 'programEvicted', program: 'p' },
  stepTaken({
    heads: { a: [1, 1] },
    rejected: { b: 'NaN' },
    gradientNorms: { trunk: 1 },
    learningRates: { trunk: 0.1 },
  }),
  { type: 'stepSkipped', reason: 'unlabelled', epoch: 1, rows: 1, rejected: {} },
  { type: 'recordRejected', reason: 'badValue', message: 'x' },
  headsEvaluated({ a: { loss: 1, labels: 1, metrics: { mcc: 0.5 } } }),
  { type: 'headsScored', step: 1, epoch: 1, heads: { a: { labels: 1, metrics: { mcc: 0.5 } } } },
  { type: 'checkpointWritten', step: 1, path: 'p', sizeBytes: 1, copyMs: 1, durationMs: 1 },
  { type: 'checkpointFailed', step: 2, message: 'm' },
  { type: 'checkpointDamaged', step: 1, path: 'p', message: 'm' },
  { type: 'runPaused', step: 1, reason: 'r', asked: false },
  {
    type: 'recordsReceived',
    source: 's',
    accepted: 1,
    duplicates: 1,
    rejected: { badValue: 1 },
    labels: 1,
    sizeBytes: 9,
  },
  { type: 'recordsRefused', source: 's', reason: 'backlog' },
  { type: 'requestFailed', route: 'GET /x', message: 'm' },
  { type: 'sourceAway', source: 's', message: 'm' },
  { type: 'reloadEnded', result: 'applied' },
];

test('every metric is told, with the labels that the table names and no others', async () => {
  const { clock, telemetry, prometheus, event } = open({ mostHeads: 1 });
  telemetry.configHash = 'abc';
  const operators = [{ name: 'join', counts: {} }];
  telemetry.probe(() => ({ flows: [flow({ rejectedLabels: { a: 1 }, operators })], settings: undefined }));
  for (const one of everything) event(one);
  await clock.advance(10_000);
  const text = await prometheus.text();
  for (const { name, labels, type } of metricTable) {
    const [, found] = new RegExp(`^${name}${type === 'histogram' ? '_sum' : ''}\\{(.*)\\} `, 'm').exec(text) ?? [];
    const told = [...(found ?? '').matchAll(/(\w+)="/g)].map(([, label]) => label);
    expect([name, told.sort()]).toEqual([name, ['pipeline', ...labels].sort()]);
  }
});
