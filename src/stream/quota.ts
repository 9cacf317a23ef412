import type { Chunk } from '../core/chunk.ts';
import { ConfigError } from '../core/error.ts';
import { matchNames, unmatchedIn } from '../core/pattern.ts';

/** Heads by pattern, and how many labels of each a batch that has any should have. */
export type QuotaOptions = Readonly<Record<string, number>>;

/**
 * Chooses rows of batches so that heads whose labels are rare get several at a time, and none in between. Rows with a
 * label of such a head wait until there are as many as its quota says; a row with labels of several waits for the first
 * of them in the order of the options.
 */
export class Quota {
  readonly #rows: number;
  /** Heads with a quota, in the order of the options. */
  readonly #atLeast: ReadonlyMap<string, number>;

  /**
   * @param mayHaveNewHeads whether a pattern may mean heads that come later
   * @throws ConfigError when a pattern means no head, or a quota does not fit into a batch
   */
  constructor(options: QuotaOptions, heads: readonly string[], rows: number, mayHaveNewHeads = false) {
    this.#rows = rows;
    const entries = Object.entries(options);
    const issues = entries.flatMap(([pattern, atLeast]) => {
      const where = `batch.quota['${pattern}']`;
      if (atLeast > rows) return [{ where, expected: `at most the ${rows} rows of a batch`, found: `${atLeast}` }];
      return mayHaveNewHeads ? [] : unmatchedIn(where, pattern, 'head', heads);
    });
    if (issues.length > 0) throw new ConfigError(issues);
    const atLeast = new Map<string, number>();
    for (const [pattern, count] of entries)
      for (const head of matchNames(pattern, heads)) if (!atLeast.has(head)) atLeast.set(head, count);
    this.#atLeast = atLeast;
  }

  /** Rows that may have to wait, at most. */
  get heldRows(): number {
    let held = 0;
    for (const count of this.#atLeast.values()) held += count - 1;
    return held;
  }

  /** The head that a row waits for. */
  headOf({ labels }: Chunk, row: number): string | undefined {
    for (const head of this.#atLeast.keys()) if (labels[head]?.present[row]) return head;
    return undefined;
  }

  /** Rows of which no batch could be made, at most: those that wait, and one batch that the others would not fill. */
  get pendingRows(): number {
    return this.#atLeast.size === 0 ? this.#rows : 2 * this.#rows + this.heldRows;
  }

  /**
   * The rows of the next batch: of each head of which enough are there, beginning with the one that has waited longest,
   * as many as its quota says; then the others in their order, if they wait for none or for one of those heads.
   * @param waitingFor of each row, the head it waits for
   * @returns their places, ascending; undefined when there are too few
   */
  choose(waitingFor: readonly (string | undefined)[]): readonly number[] | undefined {
    if (waitingFor.length < this.#rows) return undefined;
    if (this.#atLeast.size === 0) return Array.from({ length: this.#rows }, (_, place) => place);
    const waiting = new Map<string, number[]>();
    waitingFor.forEach((head, place) => {
      if (head !== undefined) waiting.set(head, [...(waiting.get(head) ?? []), place]);
    });
    const chosen = new Set<number>();
    const served = new Set<string | undefined>([undefined]);
    for (const [head, places] of waiting) {
      const least = this.#atLeast.get(head) as number;
      if (places.length < least || chosen.size + least > this.#rows) continue;
      served.add(head);
      for (const place of places.slice(0, least)) chosen.add(place);
    }
    const fill = (fits: (head: string | undefined) => boolean): void => {
      waitingFor.forEach((head, place) => {
        if (chosen.size < this.#rows && fits(head)) chosen.add(place);
      });
    };
    fill((head) => served.has(head));
    // What is held is bounded: a batch that would not be filled otherwise takes what comes first.
    if (waitingFor.length >= this.pendingRows) fill(() => true);
    return chosen.size < this.#rows ? undefined : [...chosen].sort((one, other) => one - other);
  }
}
