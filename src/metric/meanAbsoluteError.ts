import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { meanErrorOf, numbers } from './error.ts';
import { headFor } from './head.ts';
import { type MetricContext, metric } from './metric.ts';

/** |ŷ − y|, over all rows and columns. */
export const meanAbsoluteError = plugin({
  type: 'meanAbsoluteError',
  summary: 'Mean absolute error of numbers, in the unit of the label.',
  fields: z.object({}),
  example: {},
  build: (_, context: MetricContext) => {
    const head = headFor('meanAbsoluteError', context, numbers);
    return metric(
      head,
      {},
      meanErrorOf(head, (predicted, label) => Math.abs(predicted - label)),
    );
  },
});
