import { z } from 'zod';
import type { Counter, LabelledRows, MetricContext, MetricState } from './metric.ts';

/** Rows of one question by answer: a yes or no, or one of several classes. Answers are counted, not crossed. */
export interface Answers {
  /** Weight of the rows answered rightly, by class. */
  readonly right: Float64Array;
  /** Weight of the rows for which each class was predicted, and of those whose truth it is. */
  readonly predicted: Float64Array;
  readonly actual: Float64Array;
}

/** The number of the largest of `width` numbers; the first of those that are equal. */
export function largest(numbers: ArrayLike<number>, start: number, width: number): number {
  let best = 0;
  for (let at = 1; at < width; at++) if ((numbers[start + at] as number) > (numbers[start + best] as number)) best = at;
  return best;
}

/** The true class of a row: its number, or the most probable of a distribution. */
export function classOf({ label }: LabelledRows, at: number, { labelWidth, width }: MetricContext): number {
  return labelWidth === width ? largest(label, at * labelWidth, labelWidth) : (label[at] as number);
}

/** Whether a label says yes: at least ½ for probabilities, above 0 for scores, whose labels may be −1 and 1. */
export function isYes(label: number, { prediction }: MetricContext): boolean {
  return prediction === 'score' ? label > 0 : label >= 0.5;
}

/** The probability from which on a prediction counts as a yes. */
export const thresholdField = z
  .number()
  .gt(0)
  .lt(1)
  .default(0.5)
  .describe('Probability from which on a prediction counts as a yes.');

/**
 * Counts right and wrong answers: to one question with several classes, or to a yes-or-no question for each number that
 * the head predicts.
 * @param value from the answers to each question
 */
export function answersOf(
  context: MetricContext,
  threshold: number,
  value: (questions: readonly Answers[]) => number | undefined,
): Counter {
  const { prediction, width } = context;
  const isOne = prediction === 'distribution';
  const [questions, classes] = isOne ? [1, width] : [width, 2];
  const counted = Array.from(
    { length: questions },
    (): Answers => ({
      right: new Float64Array(classes),
      predicted: new Float64Array(classes),
      actual: new Float64Array(classes),
    }),
  );
  const count = (question: number, guess: number, truth: number, weight: number): void => {
    const { right, predicted, actual } = counted[question] as Answers;
    predicted[guess] = (predicted[guess] as number) + weight;
    actual[truth] = (actual[truth] as number) + weight;
    if (guess === truth) right[truth] = (right[truth] as number) + weight;
  };
  const limit = prediction === 'score' ? Number.MIN_VALUE : threshold;
  return {
    add(rows, at, weight) {
      if (isOne) return count(0, largest(rows.prediction, at * width, width), classOf(rows, at, context), weight);
      for (let column = 0; column < width; column++) {
        const index = at * width + column;
        const guess = Number((rows.prediction[index] as number) >= limit);
        count(column, guess, Number(isYes(rows.label[index] as number, context)), weight);
      }
    },
    value: () => value(counted),
    state: () =>
      Object.fromEntries(
        counted.flatMap((answers, question) =>
          Object.entries(answers).map(([name, values]) => [`${name}/${question}`, [...values]]),
        ),
      ),
    restore: (state: MetricState) => {
      counted.forEach((answers, question) => {
        for (const [name, values] of Object.entries(answers)) values.set(state[`${name}/${question}`]);
      });
    },
  };
}

const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);

/** Rows counted in all. */
export const countOf = ({ actual }: Answers): number => total(actual);

/** Mean of what is defined; undefined when nothing is. */
export function meanOfDefined(values: readonly (number | undefined)[]): number | undefined {
  const defined = values.filter((value) => value !== undefined);
  return defined.length === 0 ? undefined : defined.reduce((sum, value) => sum + value, 0) / defined.length;
}

/** How the scores of several classes become one. */
export const averages = ['macro', 'micro', 'weighted'] as const;
export const averageField = z
  .enum(averages)
  .default('macro')
  .describe(
    'For classes: the mean over those with a score (macro), over all rows (micro), or by their rows (weighted).',
  );

/**
 * A score that is a quotient, of one class or averaged over several.
 * @param parts dividend and divisor, from the rows answered rightly with a class, predicted as it, and of it
 */
export function quotient(
  context: MetricContext,
  average: (typeof averages)[number],
  parts: (right: number, predicted: number, actual: number) => readonly [number, number],
): (questions: readonly Answers[]) => number | undefined {
  const divided = ([above, below]: readonly [number, number]): number | undefined =>
    below > 0 ? above / below : undefined;
  const ofClass = ({ right, predicted, actual }: Answers, at: number): number | undefined =>
    divided(parts(right[at] as number, predicted[at] as number, actual[at] as number));
  if (context.prediction !== 'distribution')
    return (questions) => meanOfDefined(questions.map((answers) => ofClass(answers, 1)));
  return ([answers]) => {
    if (!answers) return undefined;
    const classes = [...answers.actual.keys()];
    if (average === 'macro') return meanOfDefined(classes.map((at) => ofClass(answers, at)));
    if (average === 'micro')
      return divided(parts(total(answers.right), total(answers.predicted), total(answers.actual)));
    const scored = classes.flatMap((at) => {
      const score = ofClass(answers, at);
      return score === undefined ? [] : [{ score, weight: answers.actual[at] as number }];
    });
    const weight = scored.reduce((sum, one) => sum + one.weight, 0);
    return weight > 0 ? scored.reduce((sum, one) => sum + one.score * one.weight, 0) / weight : undefined;
  };
}
