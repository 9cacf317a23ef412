import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { mix } from '../trace/hash.ts';
import { meanOfDefined } from './confusion.ts';
import { type Counter, checkPrediction, type MetricContext, metric } from './metric.ts';

/** Ranks from 1 on; equal numbers share the mean of their ranks. */
function ranksOf(values: readonly number[]): readonly number[] {
  const order = [...values.keys()].sort((a, b) => (values[a] as number) - (values[b] as number));
  const ranks = new Array<number>(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && values[order[end] as number] === values[order[start] as number]) end++;
    for (const at of order.slice(start, end)) ranks[at] = (start + end + 1) / 2;
    start = end;
  }
  return ranks;
}

function correlation(x: readonly number[], y: readonly number[]): number | undefined {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(x), mean(y)];
  let [products, squaresX, squaresY] = [0, 0, 0];
  x.forEach((value, at) => {
    const [dx, dy] = [value - meanX, (y[at] as number) - meanY];
    products += dx * dy;
    squaresX += dx * dx;
    squaresY += dy * dy;
  });
  return squaresX > 0 && squaresY > 0 ? products / Math.sqrt(squaresX * squaresY) : undefined;
}

/** Keeps a sample of the rows in which each is as likely as any other, by Vitter's algorithm R (1985). */
function sampled({ width }: MetricContext, samples: number): Counter {
  let [predictions, labels, seen]: [number[], number[], number] = [[], [], 0];
  const column = (values: readonly number[], at: number): readonly number[] =>
    Array.from({ length: values.length / width }, (_, row) => values[row * width + at] as number);
  return {
    add(rows, at) {
      const slot = seen < samples ? seen : mix(seen) % (seen + 1);
      seen++;
      if (slot >= samples) return;
      for (let index = 0; index < width; index++) {
        predictions[slot * width + index] = rows.prediction[at * width + index] as number;
        labels[slot * width + index] = rows.label[at * width + index] as number;
      }
    },
    value: () =>
      meanOfDefined(
        Array.from({ length: width }, (_, at) =>
          correlation(ranksOf(column(predictions, at)), ranksOf(column(labels, at))),
        ),
      ),
    state: () => ({ predictions: [...predictions], labels: [...labels], seen }),
    restore: (state) => {
      predictions = [...(state.predictions as readonly number[])];
      labels = [...(state.labels as readonly number[])];
      seen = state.seen as number;
    },
  };
}

/**
 * Undefined when all labels or all predictions are the same. Of several numbers, the mean over those for which it is
 * defined. Exact while the rows fit the sample; beyond, its standard error is about 1 / √samples. Row weights don't count.
 * @see Spearman 1904
 */
export const spearman = plugin({
  type: 'spearman',
  summary: 'Correlation of ranks: whether larger labels get larger predictions.',
  fields: z.object({
    samples: z.number().int().min(2).default(10_000).describe('Rows that are kept to rank.'),
  }),
  example: { samples: 1000 },
  build: ({ samples }, context: MetricContext) => {
    checkPrediction('spearman', context, ['value']);
    return metric('spearman', 'higher', context, sampled(context, samples));
  },
});
