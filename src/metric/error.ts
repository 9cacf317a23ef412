import { type Counter, type MetricContext, sums } from './metric.ts';

/**
 * The weighted mean over rows and columns of an error.
 * @param error of one number
 * @param value from the mean
 */
export function meanErrorOf(
  { width }: MetricContext,
  error: (predicted: number, label: number) => number,
  value: (mean: number) => number = (mean) => mean,
): Counter {
  const { total, state, restore } = sums('error', 'weight');
  return {
    add(rows, at, weight) {
      for (let index = at * width; index < (at + 1) * width; index++)
        total.error += weight * error(rows.prediction[index] as number, rows.label[index] as number);
      total.weight += weight * width;
    },
    value: () => (total.weight > 0 ? value(total.error / total.weight) : undefined),
    state,
    restore,
  };
}
