import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { meanOfDefined } from './average.ts';
import { correlationOf } from './correlation.ts';
import { type Head, headFor } from './head.ts';
import { type Counter, type MetricContext, metric } from './metric.ts';
import { reservoir } from './reservoir.ts';

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

function rankCorrelation(x: readonly number[], y: readonly number[]): number | undefined {
  const [rankX, rankY, middle] = [ranksOf(x), ranksOf(y), (x.length + 1) / 2];
  let [products, squaresX, squaresY] = [0, 0, 0];
  rankX.forEach((rank, at) => {
    const [dx, dy] = [rank - middle, (rankY[at] as number) - middle];
    products += dx * dy;
    squaresX += dx * dx;
    squaresY += dy * dy;
  });
  return correlationOf(products, squaresX, squaresY);
}

function ranked({ width }: Head, samples: number, seed: number): Counter {
  const placeOf = reservoir(samples, seed);
  let [predictions, labels, seen]: [number[], number[], number] = [[], [], 0];
  const column = (values: readonly number[], at: number): readonly number[] =>
    Array.from({ length: values.length / width }, (_, row) => values[row * width + at] as number);
  return {
    add(rows, at) {
      const place = placeOf(seen++);
      if (place === undefined) return;
      for (let index = 0; index < width; index++) {
        predictions[place * width + index] = (rows.prediction[at * width + index] as number) + 0;
        labels[place * width + index] = (rows.label[at * width + index] as number) + 0;
      }
    },
    value: () =>
      meanOfDefined(
        Array.from({ length: width }, (_, at) => rankCorrelation(column(predictions, at), column(labels, at))),
      ),
    state: () => ({ predictions: [...predictions], labels: [...labels], seen }),
    restore(state) {
      predictions = [...(state.predictions as readonly number[])];
      labels = [...(state.labels as readonly number[])];
      seen = state.seen as number;
    },
  };
}

/**
 * Undefined when all labels or all predictions are the same. Of several numbers, the mean over those for which it is
 * defined. Exact while the rows fit the sample; beyond, a random sample of them is ranked, with a standard error of
 * about (1 − ρ²) / √samples. Rows count alike, whatever their weight, unless it is 0.
 * @see Spearman 1904
 */
export const spearman = plugin({
  type: 'spearman',
  summary: 'Correlation of ranks: whether larger labels get larger predictions.',
  fields: z.object({
    samples: z.number().int().min(2).max(1_000_000).default(10_000).describe('Rows that are kept to rank.'),
    seed: z.number().int().min(0).default(0).describe('Decides which rows are kept when there are more.'),
  }),
  example: { samples: 1000 },
  build: ({ samples, seed }, context: MetricContext) => {
    const head = headFor('spearman', context, ['value']);
    return metric(head, { samples, seed }, () => ranked(head, samples, seed));
  },
});
