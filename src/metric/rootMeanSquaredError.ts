import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { meanErrorOf, numbers, squaredError } from './error.ts';
import { headFor } from './head.ts';
import { type MetricContext, metric } from './metric.ts';

/** √ of the mean over all rows and columns together: not the mean of the roots of each column. */
export const rootMeanSquaredError = plugin({
  type: 'rootMeanSquaredError',
  summary: 'Square root of the mean squared error, in the unit of the label.',
  fields: z.object({}),
  example: {},
  build: (_, context: MetricContext) => {
    const head = headFor('rootMeanSquaredError', context, numbers);
    return metric(head, {}, meanErrorOf(head, squaredError, Math.sqrt));
  },
});
