/** Mean and standard deviation of scores over rounds. */
export interface Spread {
  readonly mean: number;
  /** Of the rounds themselves (divided by their number), as the published tables have it. */
  readonly deviation: number;
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function spreadOf(values: readonly number[]): Spread {
  const mean = meanOf(values);
  return { mean, deviation: Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2))) };
}

/** `.867 ± .004` */
export function formatSpread({ mean, deviation }: Spread): string {
  return `${threePlaces(mean)} ± ${threePlaces(deviation)}`;
}

/** `.867`, as tables of scores between −1 and 1 have it. */
export function threePlaces(value: number): string {
  return value.toFixed(3).replace(/^(-?)0\./, '$1.');
}
