import type { Chunk } from '../../core/chunk.ts';
import { Lane } from '../lane.ts';

export type Side = 'samples' | 'labels';
/** Rows of each side that were taken and not given up yet. */
export type Taken = Record<Side, number>;

/** Two streams, and from which of them the next row is. */
export class Sides {
  readonly samples = new Lane();
  readonly labels = new Lane();
  /** Whether a side that has nothing yet is waited for, so that the order does not depend on when rows come. */
  waits = true;
  /** The side that the last row was from. */
  last: Side = 'labels';

  /**
   * The side that the next row is from: of two event times the earlier, in turn where there are none. Undefined when
   * that is not known yet, or there is no row.
   */
  next(taken: Taken): Side | undefined {
    const [sample, label] = [this.#has('samples', taken), this.#has('labels', taken)];
    if (sample && label) return this.#earlier(taken);
    if (!sample && !label) return undefined;
    const [side, other] = sample ? (['samples', 'labels'] as const) : (['labels', 'samples'] as const);
    return this.waits && !this[other].ended ? undefined : side;
  }

  /** Whether no row is left, and none will come. @throws what a stream failed with */
  get areOver(): boolean {
    const [one, other] = [this.samples.ended, this.labels.ended];
    return one && other && this.samples.rows.size === 0 && this.labels.rows.size === 0;
  }

  /** The next row of a side. */
  at(side: Side, taken: Taken): { readonly chunk: Chunk; readonly row: number; readonly timeMs: number | undefined } {
    const { rows } = this[side];
    const place = taken[side];
    const [chunk, row] = [rows.chunk(rows.of(place)), rows.row(place)];
    const timeMs = chunk.timesMs?.[row] ?? Number.NaN;
    return { chunk, row, timeMs: Number.isNaN(timeMs) ? undefined : timeMs };
  }

  /** Gives up rows that were taken. */
  forward(taken: Taken): void {
    this.samples.forward(taken.samples);
    this.labels.forward(taken.labels);
  }

  /** Resolves when something has changed. */
  async arrival(): Promise<void> {
    await Promise.race([this.samples.arrival(), this.labels.arrival()]);
  }

  #has(side: Side, taken: Taken): boolean {
    return taken[side] < this[side].rows.size;
  }

  #earlier(taken: Taken): Side {
    const [sample, label] = [this.at('samples', taken).timeMs, this.at('labels', taken).timeMs];
    if (sample !== undefined && label !== undefined) return sample <= label ? 'samples' : 'labels';
    return this.last === 'labels' ? 'samples' : 'labels';
  }
}
