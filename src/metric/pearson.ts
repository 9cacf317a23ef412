import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { correlationOf } from './correlation.ts';
import { headFor } from './head.ts';
import { type MetricContext, metric } from './metric.ts';
import { momentsOf } from './moments.ts';

/**
 * Undefined when all labels or all predictions are the same. Of several numbers, the mean over those for which it is
 * defined.
 */
export const pearson = plugin({
  type: 'pearson',
  summary: 'Linear correlation of predictions and labels.',
  fields: z.object({}),
  example: {},
  build: (_, context: MetricContext) => {
    const head = headFor('pearson', context, ['value']);
    const counter = momentsOf(head, (of) => correlationOf(of.products, of.squaresX, of.squaresY));
    return metric(head, {}, counter);
  },
});
