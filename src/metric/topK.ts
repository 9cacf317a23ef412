import { z } from 'zod';
import { ConfigError } from '../core/error.ts';
import { plugin } from '../core/plugin.ts';
import { type Head, headFor, placeOf } from './head.ts';
import { type Counter, type MetricContext, metric } from './metric.ts';
import { classOf } from './row.ts';

function within(k: number, head: Head): Counter {
  const { width } = head;
  let [right, all] = [0, 0];
  return {
    add(rows, at, weight) {
      const truth = at * width + classOf(rows, at, head);
      const score = rows.prediction[truth] as number;
      let ahead = 0;
      for (let index = at * width; index < (at + 1) * width; index++) {
        const other = rows.prediction[index] as number;
        if (other > score || (other === score && index < truth)) ahead++;
      }
      all += weight;
      if (ahead < k) right += weight;
    },
    value: () => (all > 0 ? right / all : undefined),
    state: () => ({ right, all }),
    restore(state) {
      [right, all] = [state.right as number, state.all as number];
    },
  };
}

/** Of classes that are equally probable, the first comes first, as in accuracy; in scikit-learn the last does. */
export const topK = plugin({
  type: 'topK',
  summary: 'Share of rows whose class is among the most probable ones.',
  fields: z.object({ k: z.number().int().positive().default(5).describe('How many classes are looked at.') }),
  example: { k: 3 },
  build: ({ k }, context: MetricContext) => {
    const head = headFor('topK', context, ['distribution']);
    if (k >= head.width)
      throw new ConfigError({
        where: `${placeOf(head)}.k`,
        expected: `fewer than the ${head.width} classes`,
        found: `${k}`,
        hint: 'every class is among as many as there are: the metric would always be 1',
      });
    return metric(head, { k }, () => within(k, head));
  },
});
