import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { averageField, quotient } from './average.ts';
import { answersOf, thresholdField } from './confusion.ts';
import { answers, headFor } from './head.ts';
import { type MetricContext, metric } from './metric.ts';

/**
 * 2 · right / (predicted + actual). Undefined where there is no yes among predictions and labels; a class that was
 * neither predicted nor true is left out of the average, one that was but never rightly is 0.
 */
export const f1 = plugin({
  type: 'f1',
  summary: 'Harmonic mean of precision and recall.',
  fields: z.object({ average: averageField, threshold: thresholdField }),
  example: { average: 'weighted' },
  build: ({ average, threshold }, context: MetricContext) => {
    const head = headFor('f1', context, answers);
    const value = quotient(head, average, (right, predicted, actual) => [2 * right, predicted + actual]);
    return metric(head, { average, threshold }, answersOf(head, threshold, value));
  },
});
