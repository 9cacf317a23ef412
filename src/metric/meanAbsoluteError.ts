import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { meanErrorOf } from './error.ts';
import { checkPrediction, type MetricContext, metric } from './metric.ts';

export const meanAbsoluteError = plugin({
  type: 'meanAbsoluteError',
  summary: 'Mean absolute error of numbers, in the unit of the label.',
  fields: z.object({}),
  example: {},
  build: (_, context: MetricContext) => {
    checkPrediction('meanAbsoluteError', context, ['value', 'probability']);
    return metric(
      'meanAbsoluteError',
      'lower',
      context,
      meanErrorOf(context, (predicted, label) => Math.abs(predicted - label)),
    );
  },
});
