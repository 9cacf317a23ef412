import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { averageField, quotient } from './average.ts';
import { answersOf, thresholdField } from './confusion.ts';
import { answers, headFor } from './head.ts';
import { type MetricContext, metric } from './metric.ts';

/** right / actual. Undefined where there are none; a class that has none is left out of the average. */
export const recall = plugin({
  type: 'recall',
  summary: 'Share of the yeses, or of a class, that were found.',
  fields: z.object({ average: averageField, threshold: thresholdField }),
  example: { average: 'weighted' },
  build: ({ average, threshold }, context: MetricContext) => {
    const head = headFor('recall', context, answers);
    const value = quotient(head, average, (right, _predicted, actual) => [right, actual]);
    return metric(head, { average, threshold }, answersOf(head, threshold, value));
  },
});
