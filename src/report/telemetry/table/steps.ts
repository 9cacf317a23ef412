import type { HeadCap } from '../head-cap.ts';
import type { MetricRow, Reading } from '../row.ts';
import { one } from '../row.ts';

/** Labels of each stage, and what tells its time: made once, as every step is counted. */
const stages = (
  [
    ['wait', 'waitMs'],
    ['assemble', 'assembleMs'],
    ['compute', 'computeMs'],
    ['merge', 'mergeMs'],
    ['update', 'updateMs'],
  ] as const
).map(([stage, time]) => [{ stage }, time] as const);

/** Of branches with series of their own; of the others together, the highest. */
function perBranch(values: ReadonlyMap<string, number>, cap: HeadCap): readonly Reading[] {
  const series = new Map<string, number>();
  for (const [branch, value] of values) {
    const name = cap.nameOf(branch);
    series.set(name, Math.max(series.get(name) ?? value, value));
  }
  return [...series].map(([branch, value]): Reading => [{ branch }, value]);
}

/** Gradient steps, and where their time goes. */
export const stepRows: readonly MetricRow[] = [
  {
    name: 'trunkline_steps_total',
    type: 'counter',
    help: 'Gradient steps that this process took.',
    labels: [],
    unit: 'count',
    read: ({ counts }) => counts.steps.readings(),
  },
  {
    name: 'trunkline_steps_skipped_total',
    type: 'counter',
    help: 'Batches that moved nothing, by reason.',
    labels: ['reason'],
    unit: 'count',
    read: ({ counts }) => counts.skipped.readings(),
  },
  {
    name: 'trunkline_step_rows_total',
    type: 'counter',
    help: 'Rows of the steps that this process took.',
    labels: [],
    unit: 'rows',
    read: ({ counts }) => counts.rows.readings(),
  },
  {
    name: 'trunkline_step',
    type: 'gauge',
    help: 'Steps the model was trained for, earlier processes included. Goes back with the checkpoint that a run goes on from.',
    labels: [],
    unit: 'count',
    read: ({ step }) => one(step),
  },
  {
    name: 'trunkline_epoch',
    type: 'gauge',
    help: 'Epochs that ended.',
    labels: [],
    unit: 'count',
    read: ({ epoch }) => one(epoch),
  },
  {
    name: 'trunkline_last_step_age_seconds',
    type: 'gauge',
    help: 'Time since the last step; since the process began, as long as there was none.',
    labels: [],
    unit: 'seconds',
    read: ({ clock, lastStepMs, beganMs }) => one((clock.monotonicMs() - (lastStepMs ?? beganMs)) / 1000),
  },
  {
    name: 'trunkline_loss',
    type: 'gauge',
    help: 'Mean of the merged losses over the last interval of 10 s.',
    labels: [],
    unit: 'none',
    read: ({ rates }) => one(rates?.loss),
  },
  {
    name: 'trunkline_engine_busy_ratio',
    type: 'gauge',
    help: 'Share of the last interval of 10 s in which the engine computed.',
    labels: [],
    unit: 'share',
    read: ({ rates }) => one(rates?.busy),
  },
  {
    name: 'trunkline_step_seconds',
    type: 'histogram',
    help: 'Time of a step by stage: waiting for data, writing the batch, computing, merging, moving parameters.',
    labels: ['stage'],
    unit: 'seconds',
    buckets: [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
    *of(event) {
      if (event.type !== 'stepTaken') return;
      for (const [labels, time] of stages) yield [labels, event[time] / 1000];
    },
  },
  {
    name: 'trunkline_branch_gradient_norm',
    type: 'gauge',
    help: "Norm of a branch's gradient in the last step that moved it. A head's own layers are a branch of its name.",
    labels: ['branch'],
    unit: 'none',
    read: ({ gradientNorms, branches }) => perBranch(gradientNorms, branches),
  },
  {
    name: 'trunkline_branch_learning_rate',
    type: 'gauge',
    help: "Learning rate of a branch's first layer in the last step that moved it.",
    labels: ['branch'],
    unit: 'none',
    read: ({ learningRates, branches }) => perBranch(learningRates, branches),
  },
  {
    name: 'trunkline_programs_compiled_total',
    type: 'counter',
    help: 'Programs that were recorded and loaded: one for each shape of a batch.',
    labels: [],
    unit: 'count',
    read: ({ counts }) => counts.compiled.readings(),
  },
  {
    name: 'trunkline_program_compile_seconds_total',
    type: 'counter',
    help: 'Time that recording and loading programs took.',
    labels: [],
    unit: 'seconds',
    read: ({ counts }) => counts.compileSeconds.readings(),
  },
  {
    name: 'trunkline_programs_evicted_total',
    type: 'counter',
    help: 'Programs that there was no room for any more.',
    labels: [],
    unit: 'count',
    read: ({ counts }) => counts.evicted.readings(),
  },
];
