import type { Prediction } from '../core/prediction.ts';
import type { Head } from './head.ts';
import type { Counter } from './metric.ts';

/** Predictions that are numbers as labels are. Of probabilities the squared error is Brier's score. */
export const numbers = ['value', 'probability'] as const satisfies readonly Prediction[];

/**
 * The weighted mean over rows and columns of an error.
 * @param error of one number
 * @param value from the mean
 */
export function meanErrorOf(
  { width }: Head,
  error: (predicted: number, label: number) => number,
  value: (mean: number) => number = (mean) => mean,
): () => Counter {
  return () => {
    let [sum, total] = [0, 0];
    return {
      add(rows, at, weight) {
        for (let index = at * width; index < (at + 1) * width; index++)
          sum += weight * error(rows.prediction[index] as number, rows.label[index] as number);
        total += weight * width;
      },
      value: () => (total > 0 ? value(sum / total) : undefined),
      state: () => ({ sum, total }),
      restore(state) {
        [sum, total] = [state.sum as number, state.total as number];
      },
    };
  };
}

export function squaredError(predicted: number, label: number): number {
  return (predicted - label) ** 2;
}
