import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { checkPrediction, type MetricContext, metric } from './metric.ts';
import { momentsOf } from './moments.ts';

/** 1 − Σ (x − y)² / Σ (y − ȳ)². Undefined when all labels are the same. Of several numbers, the mean over those for which it is defined. */
export const r2 = plugin({
  type: 'r2',
  summary: 'Share of the variance that is explained: 1 at best, below 0 when worse than the mean.',
  fields: z.object({}),
  example: {},
  build: (_, context: MetricContext) => {
    checkPrediction('r2', context, ['value']);
    return metric(
      'r2',
      'higher',
      context,
      momentsOf(context, ({ errors, squaresY }) => (squaresY > 0 ? 1 - errors / squaresY : undefined)),
    );
  },
});
