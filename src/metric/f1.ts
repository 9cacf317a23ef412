import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { answersOf, averageField, quotient, thresholdField } from './confusion.ts';
import { checkPrediction, type MetricContext, metric } from './metric.ts';

/** 2 · right / (predicted + actual). Undefined when there is no yes among predictions and labels. Of several yes-or-no questions, the mean over those for which it is defined. */
export const f1 = plugin({
  type: 'f1',
  summary: 'Harmonic mean of precision and recall.',
  fields: z.object({ average: averageField, threshold: thresholdField }),
  example: { average: 'macro' },
  build: ({ average, threshold }, context: MetricContext) => {
    checkPrediction('f1', context, ['probability', 'distribution', 'score']);
    const value = quotient(context, average, (right, predicted, actual) => [2 * right, predicted + actual]);
    return metric('f1', 'higher', context, answersOf(context, threshold, value));
  },
});
