import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { answersOf, averageField, quotient, thresholdField } from './confusion.ts';
import { checkPrediction, type MetricContext, metric } from './metric.ts';

/** Undefined when there are none. Of several yes-or-no questions, the mean over those for which it is defined. */
export const recall = plugin({
  type: 'recall',
  summary: 'Share of the yeses, or of a class, that were found.',
  fields: z.object({ average: averageField, threshold: thresholdField }),
  example: { average: 'macro' },
  build: ({ average, threshold }, context: MetricContext) => {
    checkPrediction('recall', context, ['probability', 'distribution', 'score']);
    const value = quotient(context, average, (right, _predicted, actual) => [right, actual]);
    return metric('recall', 'higher', context, answersOf(context, threshold, value));
  },
});
