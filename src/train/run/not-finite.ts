import type { EpochEnd, StepItem } from '../../stream/item.ts';

/** Counts batches in a row of which nothing was finite: more of the same would not help. */
export class NotFinite {
  readonly #most: number;
  #count = 0;

  /** @param most after which a run is to pause; never when left out */
  constructor(most = Number.POSITIVE_INFINITY) {
    this.#most = most;
  }

  /** @returns why the run is to pause, if it is */
  look(item: Exclude<StepItem, EpochEnd>): string | undefined {
    if (!('skipped' in item)) this.#count = 0;
    else if (item.skipped === 'notFinite') this.#count++;
    return this.#count < this.#most ? undefined : `no finite loss or gradient in ${this.#count} batches in a row`;
  }

  /** Somebody has seen to it. */
  reset(): void {
    this.#count = 0;
  }
}
