import { z } from 'zod';
import { ConfigError } from '../core/error.ts';
import { plugin } from '../core/plugin.ts';
import { classOf } from './confusion.ts';
import { type Counter, checkPrediction, type MetricContext, metric, sums } from './metric.ts';

function within(k: number, context: MetricContext): Counter {
  const { width } = context;
  const { total, state, restore } = sums('right', 'weight');
  return {
    add(rows, at, weight) {
      const truth = at * width + classOf(rows, at, context);
      const score = rows.prediction[truth] as number;
      let ahead = 0;
      for (let index = at * width; index < (at + 1) * width; index++) {
        const other = rows.prediction[index] as number;
        if (other > score || (other === score && index < truth)) ahead++;
      }
      total.weight += weight;
      if (ahead < k) total.right += weight;
    },
    value: () => (total.weight > 0 ? total.right / total.weight : undefined),
    state,
    restore,
  };
}

/** Of classes that are equally probable, the first comes first. */
export const topK = plugin({
  type: 'topK',
  summary: 'Share of rows whose class is among the most probable ones.',
  fields: z.object({ k: z.number().int().positive().default(5).describe('How many classes are looked at.') }),
  example: { k: 3 },
  build: ({ k }, context: MetricContext) => {
    checkPrediction('topK', context, ['distribution']);
    if (k >= context.width)
      throw new ConfigError({
        where: `${context.where}, topK.k`,
        expected: `fewer than the ${context.width} classes`,
        found: `${k}`,
      });
    return metric('topK', 'higher', context, within(k, context));
  },
});
