import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { headFor } from './head.ts';
import { type MetricContext, metric } from './metric.ts';
import { momentsOf } from './moments.ts';

/**
 * 1 − Σ (ŷ − y)² / Σ (y − ȳ)². Undefined when all labels are the same (scikit-learn says 0 or 1 then). Of several
 * numbers, the mean over those for which it is defined.
 */
export const r2 = plugin({
  type: 'r2',
  summary: 'Share of the variance that is explained: 1 at best, below 0 when worse than the mean.',
  fields: z.object({}),
  example: {},
  build: (_, context: MetricContext) => {
    const head = headFor('r2', context, ['value']);
    const counter = momentsOf(head, ({ errors, squaresY }) => (squaresY > 0 ? 1 - errors / squaresY : undefined));
    return metric(head, {}, counter);
  },
});
