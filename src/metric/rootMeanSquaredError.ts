import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { meanErrorOf } from './error.ts';
import { checkPrediction, type MetricContext, metric } from './metric.ts';

export const rootMeanSquaredError = plugin({
  type: 'rootMeanSquaredError',
  summary: 'Square root of the mean squared error, in the unit of the label.',
  fields: z.object({}),
  example: {},
  build: (_, context: MetricContext) => {
    checkPrediction('rootMeanSquaredError', context, ['value', 'probability']);
    return metric(
      'rootMeanSquaredError',
      'lower',
      context,
      meanErrorOf(context, (predicted, label) => (predicted - label) ** 2, Math.sqrt),
    );
  },
});
