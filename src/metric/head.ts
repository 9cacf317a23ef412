import { ConfigError, ShapeError } from '../core/error.ts';
import type { Prediction } from '../core/prediction.ts';
import type { MetricContext } from './metric.ts';

/** A head, as one metric that goes with it sees it. */
export interface Head {
  /** The metric's type. */
  readonly type: string;
  readonly prediction: Prediction;
  /** Numbers of one prediction: of a distribution, its classes. */
  readonly width: number;
  /** Numbers of its label. Of a distribution: 1, the number of the true class, or one for each class. */
  readonly labelWidth: number;
  /** Predictions in one row: more than 1 where the head says a distribution in each of several places. */
  readonly perRow: number;
  readonly where: string;
}

/** Predictions that answer questions: yes or no, or which class. */
export const answers = ['probability', 'distribution', 'score'] as const satisfies readonly Prediction[];

/** `head "digit", topK`: a metric as errors name it. */
export function placeOf({ where, type }: Pick<Head, 'where' | 'type'>): string {
  return where === '' ? type : `${where}, ${type}`;
}

const words: Readonly<Record<Prediction, string>> = {
  value: 'a number',
  probability: 'a probability',
  distribution: 'probabilities of classes',
  score: 'a score',
};

const hints: Readonly<Record<Prediction, string>> = {
  value: 'for numbers there are rootMeanSquaredError, meanAbsoluteError, r2, pearson and spearman, among others',
  probability: 'for a yes or no there are accuracy, f1, mcc, rocAuc and prAuc, among others',
  distribution: 'for classes there are accuracy, topK, f1, mcc and rocAuc, among others',
  score: 'for a yes or no there are accuracy, f1, mcc, rocAuc and prAuc, among others',
};

/**
 * The head as a metric sees it.
 * @param predictions kinds of predictions the metric is for
 * @throws ConfigError when the head's predictions are of another kind
 * @throws ShapeError when its labels don't go with its predictions
 */
export function headFor(type: string, context: MetricContext, predictions: readonly Prediction[]): Head {
  const { prediction, width, labelWidth, where } = context;
  const place = placeOf({ where, type });
  if (!predictions.includes(prediction))
    throw new ConfigError({
      where: place,
      expected: `a head that predicts ${predictions.map((kind) => words[kind]).join(', or ')}`,
      found: `one that predicts ${words[prediction]}`,
      hint: hints[prediction],
    });
  const classes = prediction === 'distribution' ? (context.classes ?? width) : width;
  const perRow = width / classes;
  if (prediction === 'distribution' && (classes < 2 || !Number.isInteger(perRow)))
    throw new ShapeError({
      where: place,
      expected: 'predictions of at least 2 classes in each place',
      found: `${width} numbers, with ${classes} to a place`,
    });
  const fitting = prediction === 'distribution' ? [perRow, width] : [width];
  if (!fitting.includes(labelWidth))
    throw new ShapeError({
      where: place,
      expected: `labels of ${fitting.join(' or ')} for each row with predictions of ${width}`,
      found: `labels of ${labelWidth}`,
      ...(prediction === 'distribution' && {
        hint: 'a label is the number of the class, or one number for each class',
      }),
    });
  return { type, prediction, width: classes, labelWidth: labelWidth / perRow, perRow, where };
}
