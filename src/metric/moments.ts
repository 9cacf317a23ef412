import { meanOfDefined } from './confusion.ts';
import type { Counter, MetricContext } from './metric.ts';

/** Weighted means and central moments of predictions x and labels y, and of their differences. */
export interface Moments {
  weight: number;
  meanX: number;
  meanY: number;
  squaresX: number;
  squaresY: number;
  products: number;
  /** Σ weight · (x − y)² */
  errors: number;
}

const names = ['weight', 'meanX', 'meanY', 'squaresX', 'squaresY', 'products', 'errors'] as const;

/**
 * Moments of each column of a head that predicts numbers; the value is the mean over the columns for which it is defined.
 * @see Welford 1962 and, for weights, West 1979: stable updates of means and squares
 */
export function momentsOf({ width }: MetricContext, value: (moments: Moments) => number | undefined): Counter {
  const columns = Array.from(
    { length: width },
    () => Object.fromEntries(names.map((name) => [name, 0])) as unknown as Moments,
  );
  return {
    add(rows, at, weight) {
      if (weight <= 0) return;
      columns.forEach((moments, column) => {
        const x = rows.prediction[at * width + column] as number;
        const y = rows.label[at * width + column] as number;
        moments.weight += weight;
        const [dx, dy] = [x - moments.meanX, y - moments.meanY];
        moments.meanX += (dx * weight) / moments.weight;
        moments.meanY += (dy * weight) / moments.weight;
        moments.squaresX += weight * dx * (x - moments.meanX);
        moments.squaresY += weight * dy * (y - moments.meanY);
        moments.products += weight * dx * (y - moments.meanY);
        moments.errors += weight * (x - y) ** 2;
      });
    },
    value: () => meanOfDefined(columns.map(value)),
    state: () => Object.fromEntries(names.map((name) => [name, columns.map((moments) => moments[name])])),
    restore: (state) => {
      columns.forEach((moments, column) => {
        for (const name of names) moments[name] = (state[name] as readonly number[])[column] as number;
      });
    },
  };
}
