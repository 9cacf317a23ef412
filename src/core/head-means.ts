/** What one head's steps came to. */
export interface HeadMean {
  /** Sum of the labelled rows' losses, weighted, by labels: the same for every denominator, as `evaluate` has it. */
  readonly loss: number;
  readonly labels: number;
}

/** What a step says of a head. */
interface HeadStep extends HeadMean {
  /** What its summed loss was divided by. */
  readonly denominator: number;
}

/** Adds up heads' losses over steps, be the denominator what it may. Memory is bounded by the number of heads. */
export class HeadMeans {
  readonly #heads = new Map<string, { sum: number; labels: number }>();

  add(heads: Readonly<Record<string, HeadStep>>): void {
    for (const name in heads) {
      const { loss, labels, denominator } = heads[name] as HeadStep;
      let head = this.#heads.get(name);
      if (!head) {
        head = { sum: 0, labels: 0 };
        this.#heads.set(name, head);
      }
      head.sum += loss * denominator;
      head.labels += labels;
    }
  }

  /** Of one head: undefined when it had no label. */
  of(name: string): HeadMean | undefined {
    const head = this.#heads.get(name);
    return head && { loss: head.sum / head.labels, labels: head.labels };
  }

  /** Of every head that had a label. */
  all(): Readonly<Record<string, HeadMean>> {
    return Object.fromEntries([...this.#heads.keys()].map((name) => [name, this.of(name) as HeadMean]));
  }

  clear(): void {
    this.#heads.clear();
  }
}
