/** What heads are called that have no series of their own. */
export const otherHeads = '__other__';

/** Decides which heads have series of their own. Those that were admitted once keep them, so that counters stay counters. */
export class HeadCap {
  readonly #most: number;
  readonly #admitted = new Set<string>();
  readonly #cut = new Set<string>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Heads that were ever cut. */
  get cut(): number {
    return this.#cut.size;
  }

  /** What a head is called in series. */
  nameOf(head: string): string {
    if (this.#admitted.has(head)) return head;
    if (this.#admitted.size < this.#most) {
      this.#admitted.add(head);
      return head;
    }
    this.#cut.add(head);
    return otherHeads;
  }
}
