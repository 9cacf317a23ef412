import { z } from 'zod';
import { ConfigError } from '../core/error.ts';
import { type Head, placeOf } from './head.ts';
import type { Counter } from './metric.ts';
import { classOf, isYes, largest } from './row.ts';

/** Predictions of one question by answer: a yes or no, or one of several classes. Answers are counted, not crossed. */
export interface Answers {
  /** Weight of what was answered rightly, by class. */
  readonly right: Float64Array;
  /** Weight of that for which each class was predicted, and of that whose truth it is. */
  readonly predicted: Float64Array;
  readonly actual: Float64Array;
}

/** The probability from which on a prediction counts as a yes. */
export const thresholdField = z
  .number()
  .gt(0)
  .lt(1)
  .optional()
  .describe('Probability from which on a prediction counts as a yes; ½ when left out. Scores say yes above 0.');

/** @throws ConfigError when a threshold was given, and the head has no use for it */
function thresholdOf(head: Head, threshold: number | undefined): number {
  if (threshold === undefined || head.prediction === 'probability') return Math.fround(threshold ?? 0.5);
  throw new ConfigError({
    where: `${placeOf(head)}.threshold`,
    expected: 'no threshold: only a head that predicts a probability has one',
    found: `${threshold}`,
    hint: head.prediction === 'score' ? 'scores say yes above 0' : 'the most probable class is the answer',
  });
}

/** Weight of everything that was counted. */
export function totalOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/**
 * Counts right and wrong answers: to one question with several classes, or to a yes-or-no question for each number that
 * the head predicts.
 * @param value from the answers to each question
 * @throws ConfigError when a threshold was given, and the head has no use for it
 */
export function answersOf(
  head: Head,
  givenThreshold: number | undefined,
  value: (questions: readonly Answers[]) => number | undefined,
): () => Counter {
  const threshold = thresholdOf(head, givenThreshold);
  const { prediction, width } = head;
  const isOne = prediction === 'distribution';
  const [questions, classes] = isOne ? [1, width] : [width, 2];
  const saysYes = (guess: number): boolean => (prediction === 'score' ? guess > 0 : guess >= threshold);

  return () => {
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
    return {
      add(rows, at, weight) {
        if (isOne) return count(0, largest(rows.prediction, at * width, width), classOf(rows, at, head), weight);
        for (let column = 0; column < width; column++) {
          const index = at * width + column;
          const guess = Number(saysYes(rows.prediction[index] as number));
          count(column, guess, Number(isYes(rows.label[index] as number, head)), weight);
        }
      },
      value: () => value(counted),
      state: () =>
        Object.fromEntries(
          counted.flatMap((of, question) =>
            Object.entries(of).map(([name, values]) => [`${name}/${question}`, [...values]]),
          ),
        ),
      restore(state) {
        counted.forEach((of, question) => {
          for (const [name, values] of Object.entries(of)) values.set(state[`${name}/${question}`]);
        });
      },
    };
  };
}
