import { z } from 'zod';

export const momentsState = z.strictObject({
  count: z.array(z.number()),
  mean: z.array(z.number()),
  /** Sums of squared deviations from the mean. */
  squares: z.array(z.number()),
});

/**
 * Means and deviations of `size` quantities that come value by value.
 * @see Welford 1962, doi:10.1080/00401706.1962.10490022
 */
export class Moments {
  private readonly count: Float64Array;
  private readonly mean: Float64Array;
  private readonly squares: Float64Array;

  constructor(size: number) {
    this.count = new Float64Array(size);
    this.mean = new Float64Array(size);
    this.squares = new Float64Array(size);
  }

  /** Takes a finite value of the quantity at a place. */
  add(at: number, value: number): void {
    const count = (this.count[at] as number) + 1;
    const before = value - (this.mean[at] as number);
    const mean = (this.mean[at] as number) + before / count;
    this.count[at] = count;
    this.mean[at] = mean;
    this.squares[at] = (this.squares[at] as number) + before * (value - mean);
  }

  /** 0 where nothing was seen. */
  means(): Float64Array {
    return this.mean.slice();
  }

  /** Standard deviations over all that was seen (divided by the count); 1 where nothing differed. */
  scales(): Float64Array {
    return this.squares.map((squares, at) => Math.sqrt(squares / Math.max(this.count[at] as number, 1)) || 1);
  }

  state(): z.output<typeof momentsState> {
    return { count: [...this.count], mean: [...this.mean], squares: [...this.squares] };
  }

  /** Goes on with moments of as many quantities. */
  restore({ count, mean, squares }: z.output<typeof momentsState>): void {
    this.count.set(count);
    this.mean.set(mean);
    this.squares.set(squares);
  }
}
