import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { checkPrediction, type MetricContext, metric } from './metric.ts';
import { momentsOf } from './moments.ts';

/** Undefined when all labels or all predictions are the same. Of several numbers, the mean over those for which it is defined. */
export const pearson = plugin({
  type: 'pearson',
  summary: 'Linear correlation of predictions and labels.',
  fields: z.object({}),
  example: {},
  build: (_, context: MetricContext) => {
    checkPrediction('pearson', context, ['value']);
    return metric(
      'pearson',
      'higher',
      context,
      momentsOf(context, ({ products, squaresX, squaresY }) =>
        squaresX > 0 && squaresY > 0 ? products / Math.sqrt(squaresX * squaresY) : undefined,
      ),
    );
  },
});
