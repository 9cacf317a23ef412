/** How long to wait before a process that failed is started again: longer each time, until it has run for a while. */
export class BackOff {
  readonly #options: BackOffOptions;
  #failures = 0;

  constructor(options: BackOffOptions) {
    this.#options = options;
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** @param ranMs how long the process ran. @returns milliseconds to wait */
  failed(ranMs: number): number {
    const { firstMs, mostMs, settledMs } = this.#options;
    this.#failures = ranMs >= settledMs ? 1 : this.#failures + 1;
    return Math.min(mostMs, firstMs * 2 ** (this.#failures - 1));
  }
}

export interface BackOffOptions {
  readonly firstMs: number;
  readonly mostMs: number;
  /** Who has run so long is well: the next failure is a first one. */
  readonly settledMs: number;
}
