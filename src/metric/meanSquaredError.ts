import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { meanErrorOf } from './error.ts';
import { checkPrediction, type MetricContext, metric } from './metric.ts';

export const meanSquaredError = plugin({
  type: 'meanSquaredError',
  summary: 'Mean squared error of numbers.',
  fields: z.object({}),
  example: {},
  build: (_, context: MetricContext) => {
    checkPrediction('meanSquaredError', context, ['value', 'probability']);
    return metric(
      'meanSquaredError',
      'lower',
      context,
      meanErrorOf(context, (predicted, label) => (predicted - label) ** 2),
    );
  },
});
