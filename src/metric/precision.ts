import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { answersOf, averageField, quotient, thresholdField } from './confusion.ts';
import { checkPrediction, type MetricContext, metric } from './metric.ts';

/** Undefined when nothing was said to be. Of several yes-or-no questions, the mean over those for which it is defined. */
export const precision = plugin({
  type: 'precision',
  summary: 'Share of those said to be a yes, or of a class, that are.',
  fields: z.object({ average: averageField, threshold: thresholdField }),
  example: { average: 'macro' },
  build: ({ average, threshold }, context: MetricContext) => {
    checkPrediction('precision', context, ['probability', 'distribution', 'score']);
    const value = quotient(context, average, (right, predicted) => [right, predicted]);
    return metric('precision', 'higher', context, answersOf(context, threshold, value));
  },
});
