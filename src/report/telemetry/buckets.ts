import type { Reading } from './row.ts';

/** Values of one series, by size. */
interface Series {
  readonly labels: Reading[0];
  /** By bucket, those that are above all last: values in it alone. */
  readonly counts: number[];
  sum: number;
}

/** Counts values by size, for a histogram: a value costs a search among its bounds, and nothing is made for it. */
export class Buckets {
  readonly #bounds: readonly number[];
  readonly #names: readonly string[];
  readonly #series = new Map<string, Series>();

  /** @param bounds rising, each the highest value of its bucket. @param names of the labels */
  constructor(bounds: readonly number[], names: readonly string[]) {
    this.#bounds = bounds;
    this.#names = names;
    // One series is known, and begins at 0: Prometheus sees no rise in one that begins with it.
    if (names.length === 0) this.#of({});
  }

  add([labels, value]: Reading): void {
    const series = this.#of(labels);
    let bucket = 0;
    while (value > (this.#bounds[bucket] as number)) bucket++;
    series.counts[bucket] = (series.counts[bucket] as number) + 1;
    series.sum += value;
  }

  #of(labels: Reading[0]): Series {
    const key = keyOf(this.#names, labels);
    let series = this.#series.get(key);
    if (!series) {
      series = { labels, counts: new Array<number>(this.#bounds.length + 1).fill(0), sum: 0 };
      this.#series.set(key, series);
    }
    return series;
  }

  /** As Prometheus has them: each bucket with those below it, then sum and count. @param name of the metric */
  *readings(name: string): Generator<readonly [name: string, ...reading: Reading]> {
    for (const { labels, counts, sum } of this.#series.values()) {
      let count = 0;
      for (const [bucket, own] of counts.entries()) {
        count += own;
        yield [`${name}_bucket`, { le: String(this.#bounds[bucket] ?? '+Inf'), ...labels }, count];
      }
      yield [`${name}_sum`, labels, sum];
      yield [`${name}_count`, labels, count];
    }
  }
}

/** What tells series of a metric apart. */
export function keyOf(names: readonly string[], labels: Reading[0]): string {
  if (names.length === 0) return '';
  let key = labels[names[0] as string] ?? '';
  for (let at = 1; at < names.length; at++) key += `\n${labels[names[at] as string] ?? ''}`;
  return key;
}
