import { meanOfDefined } from './average.ts';
import type { Head } from './head.ts';
import type { Counter } from './metric.ts';

const names = ['weight', 'meanX', 'meanY', 'squaresX', 'squaresY', 'products', 'errors'] as const;

/**
 * Of predictions x and labels y, weighted: their weight and means, the sums of squares and products around the means,
 * and the sum of squared errors.
 */
export type Moments = Record<(typeof names)[number], number>;

const nothing = (): Moments => ({
  weight: 0,
  meanX: 0,
  meanY: 0,
  squaresX: 0,
  squaresY: 0,
  products: 0,
  errors: 0,
});

function include(moments: Moments, x: number, y: number, weight: number): void {
  moments.weight += weight;
  const [dx, dy] = [x - moments.meanX, y - moments.meanY];
  // A share of exactly 1 for the first row makes equal numbers differ from their mean by exactly 0.
  const share = weight / moments.weight;
  moments.meanX += dx * share;
  moments.meanY += dy * share;
  moments.squaresX += weight * dx * (x - moments.meanX);
  moments.squaresY += weight * dy * (y - moments.meanY);
  moments.products += weight * dx * (y - moments.meanY);
  moments.errors += weight * (x - y) ** 2;
}

/**
 * Moments of each column of a head that predicts numbers; the value is the mean over the columns where it is defined.
 * @see Welford 1962 and, for weights, West 1979: stable updates of means and squares
 */
export function momentsOf({ width }: Head, value: (moments: Moments) => number | undefined): () => Counter {
  return () => {
    const columns = Array.from({ length: width }, nothing);
    return {
      add(rows, at, weight) {
        for (let column = 0; column < width; column++) {
          const index = at * width + column;
          const [x, y] = [rows.prediction[index] as number, rows.label[index] as number];
          include(columns[column] as Moments, x, y, weight);
        }
      },
      value: () => meanOfDefined(columns.map(value)),
      state: () => Object.fromEntries(names.map((name) => [name, columns.map((moments) => moments[name])])),
      restore(state) {
        columns.forEach((moments, column) => {
          for (const name of names) moments[name] = (state[name] as readonly number[])[column] as number;
        });
      },
    };
  };
}
