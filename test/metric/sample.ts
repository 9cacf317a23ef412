import fc from 'fast-check';
import {
  type LabelledRows,
  type Metric,
  type MetricConfig,
  type MetricContext,
  type MetricState,
  metrics,
} from '../../src/metric/index.ts';

export type Type = MetricConfig['type'];

/** Heads of every kind a metric can meet: each name says what one row is. */
export const heads = {
  yesOrNo: { prediction: 'probability', width: 1, labelWidth: 1, where: 'head "a"' },
  yesesAndNoes: { prediction: 'probability', width: 3, labelWidth: 3, where: 'head "a"' },
  score: { prediction: 'score', width: 1, labelWidth: 1, where: 'head "a"' },
  scores: { prediction: 'score', width: 2, labelWidth: 2, where: 'head "a"' },
  classNumber: { prediction: 'distribution', width: 4, labelWidth: 1, where: 'head "a"' },
  oneHot: { prediction: 'distribution', width: 4, labelWidth: 4, where: 'head "a"' },
  places: { prediction: 'distribution', width: 6, labelWidth: 2, classes: 3, where: 'head "a"' },
  number: { prediction: 'value', width: 1, labelWidth: 1, where: 'head "a"' },
  numbers: { prediction: 'value', width: 2, labelWidth: 2, where: 'head "a"' },
} as const satisfies Readonly<Record<string, MetricContext>>;

export type HeadKind = keyof typeof heads;

const answers = ['yesOrNo', 'yesesAndNoes', 'score', 'scores', 'classNumber', 'oneHot', 'places'] as const;
const numbers = ['number', 'numbers', 'yesOrNo', 'yesesAndNoes'] as const;

/** The heads each metric is for; the first is the plainest. All others refuse it. */
export const headsOf: Readonly<Record<Type, readonly HeadKind[]>> = {
  accuracy: answers,
  topK: ['classNumber', 'oneHot', 'places'],
  precision: answers,
  recall: answers,
  f1: answers,
  mcc: answers,
  rocAuc: answers,
  prAuc: answers,
  meanSquaredError: numbers,
  rootMeanSquaredError: numbers,
  meanAbsoluteError: numbers,
  r2: ['number', 'numbers'],
  pearson: ['number', 'numbers'],
  spearman: ['number', 'numbers'],
};

/** The shortest configuration that goes with every head of the metric. */
export function plain(type: Type): MetricConfig {
  return type === 'topK' ? { type, k: 2 } : { type };
}

/** Configurations whose memory is so small that it is full after a few rows. */
export const forgetful: readonly MetricConfig[] = [
  { type: 'rocAuc', bins: 16 },
  { type: 'prAuc', bins: 16 },
  { type: 'spearman', samples: 5 },
];

export function build(config: MetricConfig, context: MetricContext): Metric {
  return metrics.build(config, context, 'head "a", metric');
}

/** Random rows of a head, with ties, weights of 0 among them, and seldom a yes. */
export function rowsOf(kind: HeadKind, most = 30): fc.Arbitrary<LabelledRows> {
  const { prediction, width, labelWidth }: MetricContext = heads[kind];
  const eighth = fc.integer({ min: 0, max: 8 }).map((value) => value / 8);
  const guess = prediction === 'score' || prediction === 'value' ? eighth.map((value) => 2 * value - 0.75) : eighth;
  const label = {
    probability: fc.constantFrom(0, 0, 0.4, 1),
    score: fc.constantFrom(-1, 1, 0),
    distribution: labelWidth === width ? eighth : fc.integer({ min: 0, max: 2 }),
    value: eighth,
  }[prediction];
  const column = (values: fc.Arbitrary<number>, length: number): fc.Arbitrary<Float32Array> =>
    fc.array(values, { minLength: length, maxLength: length }).map((list) => Float32Array.from(list));
  return fc.nat(most).chain((rows) =>
    fc.record({
      rows: fc.constant(rows),
      prediction: column(guess, rows * width),
      label: column(label, rows * labelWidth),
      weight: column(fc.constantFrom(0, 0.3, 1, 2.7), rows),
    }),
  );
}

/** Rows `start` to `end`. */
export function part(rows: LabelledRows, start: number, end: number, context: MetricContext): LabelledRows {
  return {
    rows: end - start,
    prediction: rows.prediction.slice(start * context.width, end * context.width),
    label: rows.label.slice(start * context.labelWidth, end * context.labelWidth),
    ...(rows.weight && { weight: rows.weight.slice(start, end) }),
  };
}

/** What a metric says of these rows alone. */
export function scoreOf(config: MetricConfig, context: MetricContext, rows: LabelledRows): number | undefined {
  const metric = build(config, context);
  metric.add(rows);
  return metric.value();
}

/** Rows without weights, from lists. */
export function rowsFrom(prediction: readonly number[], label: readonly number[], rows = label.length): LabelledRows {
  return { rows, prediction: Float32Array.from(prediction), label: Float32Array.from(label) };
}

export function throughJson(state: MetricState): MetricState {
  return JSON.parse(JSON.stringify(state));
}
