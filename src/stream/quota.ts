import type { Chunk } from '../core/chunk.ts';
import { ConfigError } from '../core/error.ts';
import { matchNames, unmatched } from '../core/pattern.ts';

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

  /** @throws ConfigError when a pattern means no head, or a quota does not fit into a batch */
  constructor(options: QuotaOptions, heads: readonly string[], rows: number) {
    this.#rows = rows;
    const entries = Object.entries(options);
    const issues = entries.flatMap(([pattern, atLeast]) => {
      const where = `batch.quota['${pattern}']`;
      if (atLeast > rows) return [{ where, expected: `at most the ${rows} rows of a batch`, found: `${atLeast}` }];
      return matchNames(pattern, heads).length === 0 ? [unmatched(where, pattern, 'head', heads)] : [];
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

  /**
   * The rows of the next batch.
   * @param waitingFor of each row, the head it waits for
   * @returns their places, ascending; undefined when there are too few that need not wait
   */
  choose(waitingFor: readonly (string | undefined)[]): readonly number[] | undefined {
    if (waitingFor.length < this.#rows) return undefined;
    const counts = new Map<string, number>();
    for (const head of waitingFor) if (head !== undefined) counts.set(head, (counts.get(head) ?? 0) + 1);
    const waits = new Set([...counts].filter(([head, count]) => count < this.#least(head)).map(([head]) => head));
    let chosen = this.#firstOf(waitingFor, waits);
    if (!chosen) return undefined;
    for (;;) {
      const inBatch = new Map<string, number>();
      for (const place of chosen) {
        const head = waitingFor[place];
        if (head !== undefined) inBatch.set(head, (inBatch.get(head) ?? 0) + 1);
      }
      // Those that would have too few are left for the next batch, unless this one could not be filled without.
      const split = [...inBatch].filter(([head, count]) => count < this.#least(head)).map(([head]) => head);
      for (const head of split) waits.add(head);
      const others = split.length > 0 ? this.#firstOf(waitingFor, waits) : undefined;
      if (!others) return chosen;
      chosen = others;
    }
  }

  #least(head: string): number {
    return this.#atLeast.get(head) ?? 1;
  }

  /** As many rows as a batch has, in their order, without those that wait for these heads. */
  #firstOf(waitingFor: readonly (string | undefined)[], waits: ReadonlySet<string>): readonly number[] | undefined {
    const places: number[] = [];
    for (let place = 0; place < waitingFor.length && places.length < this.#rows; place++) {
      const head = waitingFor[place];
      if (head === undefined || !waits.has(head)) places.push(place);
    }
    return places.length === this.#rows ? places : undefined;
  }
}
