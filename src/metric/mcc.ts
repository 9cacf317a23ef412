import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { type Answers, answersOf, countOf, meanOfDefined, thresholdField } from './confusion.ts';
import { checkPrediction, type MetricContext, metric } from './metric.ts';

/**
 * (c s − Σ pₖ tₖ) / √((s² − Σ pₖ²)(s² − Σ tₖ²)), with c right answers out of s, and class k predicted pₖ times and true
 * tₖ times.
 * @see Gorodkin 2004, R_K, doi:10.1016/j.compbiolchem.2004.09.006; of two classes, Matthews 1975
 */
function correlation(answers: Answers): number | undefined {
  const { right, predicted, actual } = answers;
  const count = countOf(answers);
  const dot = (a: Float64Array, b: Float64Array): number =>
    a.reduce((sum, value, at) => sum + value * (b[at] as number), 0);
  const spread = (count ** 2 - dot(predicted, predicted)) * (count ** 2 - dot(actual, actual));
  const correct = right.reduce((sum, value) => sum + value, 0);
  return spread > 0 ? (correct * count - dot(predicted, actual)) / Math.sqrt(spread) : undefined;
}

/** Undefined when only one class was predicted, or is true. Of several yes-or-no questions, the mean over the others. */
export const mcc = plugin({
  type: 'mcc',
  summary: 'Matthews correlation: 1 at best, 0 for guessing, fair when classes are rare.',
  fields: z.object({ threshold: thresholdField }),
  example: {},
  build: ({ threshold }, context: MetricContext) => {
    checkPrediction('mcc', context, ['probability', 'distribution', 'score']);
    const counter = answersOf(context, threshold, (questions) => meanOfDefined(questions.map(correlation)));
    return metric('mcc', 'higher', context, counter);
  },
});
