import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { averageField, quotient } from './average.ts';
import { answersOf, thresholdField } from './confusion.ts';
import { answers, headFor } from './head.ts';
import { type MetricContext, metric } from './metric.ts';

/** right / predicted. Undefined where nothing was said to be; a class that never was is left out of the average. */
export const precision = plugin({
  type: 'precision',
  summary: 'Share of those said to be a yes, or of a class, that are.',
  fields: z.object({ average: averageField, threshold: thresholdField }),
  example: { average: 'weighted' },
  build: ({ average, threshold }, context: MetricContext) => {
    const head = headFor('precision', context, answers);
    const value = quotient(head, average, (right, predicted) => [right, predicted]);
    return metric(head, { average, threshold }, answersOf(head, threshold, value));
  },
});
