import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { meanErrorOf, numbers, squaredError } from './error.ts';
import { headFor } from './head.ts';
import { type MetricContext, metric } from './metric.ts';

/** (ŷ − y)², over all rows and columns; of probabilities, the score of Brier 1950. */
export const meanSquaredError = plugin({
  type: 'meanSquaredError',
  summary: 'Mean squared error of numbers.',
  fields: z.object({}),
  example: {},
  build: (_, context: MetricContext) => {
    const head = headFor('meanSquaredError', context, numbers);
    return metric(head, {}, meanErrorOf(head, squaredError));
  },
});
