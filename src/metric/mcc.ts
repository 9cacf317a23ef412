import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { meanOfDefined } from './average.ts';
import { type Answers, answersOf, thresholdField, totalOf } from './confusion.ts';
import { answers, headFor } from './head.ts';
import { type MetricContext, metric } from './metric.ts';

/** (Σ xₖ)² − Σ xₖ², as a sum of products that are not negative: exactly 0 when only one of them is not 0. */
function spread(weights: Float64Array): number {
  let [before, sum] = [0, 0];
  for (const weight of weights) {
    sum += weight * before;
    before += weight;
  }
  return 2 * sum;
}

/**
 * (c s − Σ pₖ tₖ) / √((s² − Σ pₖ²)(s² − Σ tₖ²)), with c right answers out of s, and class k predicted pₖ times and
 * true tₖ times.
 * @see Gorodkin 2004, R_K, doi:10.1016/j.compbiolchem.2004.09.006; of two classes, Matthews 1975
 */
function correlation({ right, predicted, actual }: Answers): number | undefined {
  const [spreadOfGuess, spreadOfTruth] = [spread(predicted), spread(actual)];
  if (spreadOfGuess === 0 || spreadOfTruth === 0) return undefined;
  const agreement = predicted.reduce((sum, weight, at) => sum + weight * (actual[at] as number), 0);
  return (totalOf(right) * totalOf(actual) - agreement) / Math.sqrt(spreadOfGuess) / Math.sqrt(spreadOfTruth);
}

/**
 * Undefined when only one class was predicted, or is true (scikit-learn says 0 then). Of several yes-or-no questions,
 * the mean over the others.
 */
export const mcc = plugin({
  type: 'mcc',
  summary: 'Matthews correlation: 1 at best, 0 for guessing, fair when classes are rare.',
  fields: z.object({ threshold: thresholdField }),
  example: { threshold: 0.3 },
  build: ({ threshold }, context: MetricContext) => {
    const head = headFor('mcc', context, answers);
    const counter = answersOf(head, threshold, (questions) => meanOfDefined(questions.map(correlation)));
    return metric(head, { threshold }, counter);
  },
});
