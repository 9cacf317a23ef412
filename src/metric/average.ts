import { z } from 'zod';
import type { Answers } from './confusion.ts';
import type { Head } from './head.ts';

/** Mean of what is defined; undefined when nothing is. */
export function meanOfDefined(values: readonly (number | undefined)[]): number | undefined {
  const defined = values.filter((value) => value !== undefined);
  return defined.length === 0 ? undefined : defined.reduce((sum, value) => sum + value, 0) / defined.length;
}

/** How the scores of several classes, or of several yes-or-no questions, become one. */
export const averages = ['macro', 'micro', 'weighted'] as const;

export const averageField = z
  .enum(averages)
  .default('macro')
  .describe(
    'Of several classes, or of several yes-or-no questions: the mean over those with a score (macro), one score from ' +
      'all their rows together (micro), or the mean weighted by the rows of each class (weighted).',
  );

/** Weights of what was rightly said to be of a class (or a yes), was said to be, and is. */
type Counts = readonly [right: number, predicted: number, actual: number];

const countsOf = ({ right, predicted, actual }: Answers, at: number): Counts => [
  right[at] as number,
  predicted[at] as number,
  actual[at] as number,
];

const sumOf = (counts: readonly Counts[], at: 0 | 1 | 2): number => counts.reduce((sum, one) => sum + one[at], 0);

/**
 * A score that is a quotient, averaged over classes or yes-or-no questions. A class whose divisor is 0 has no score and
 * is left out, as in scikit-learn with `zero_division=nan`; where none has a score, the whole has none.
 * @param parts dividend and divisor, linear in the counts
 */
export function quotient(
  { prediction }: Head,
  average: (typeof averages)[number],
  parts: (...counts: Counts) => readonly [dividend: number, divisor: number],
): (questions: readonly Answers[]) => number | undefined {
  const score = (counts: Counts): number | undefined => {
    const [dividend, divisor] = parts(...counts);
    return divisor > 0 ? dividend / divisor : undefined;
  };
  return (questions) => {
    const all =
      prediction === 'distribution'
        ? questions.flatMap((answers) => [...answers.actual.keys()].map((at) => countsOf(answers, at)))
        : questions.map((answers) => countsOf(answers, 1));
    if (average === 'micro') return score([sumOf(all, 0), sumOf(all, 1), sumOf(all, 2)]);
    const scored = all.flatMap((counts) => {
      const found = score(counts);
      return found === undefined ? [] : [{ found, weight: average === 'macro' ? 1 : counts[2] }];
    });
    const weight = scored.reduce((sum, one) => sum + one.weight, 0);
    return weight > 0 ? scored.reduce((sum, one) => sum + one.found * one.weight, 0) / weight : undefined;
  };
}
