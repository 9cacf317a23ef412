/** A place on the tape: one tensor of the batch. */
export type Place = number;

interface Use {
  readonly inputs: readonly Place[];
  readonly outputs: readonly [Place];
}

/** What was computed from what in one batch, and which heads depend on it. */
export class Tape {
  readonly #begun: Place[] = [];
  readonly #uses: Use[] = [];
  readonly #ends = new Map<string, Place>();
  #readers: readonly (readonly string[])[] | undefined;
  #size = 0;

  /** An input of the batch. */
  begin(): Place {
    this.#begun.push(this.#size);
    return this.#size++;
  }

  /** Something computed from what is at these places. */
  use(inputs: readonly Place[]): Place {
    this.#uses.push({ inputs, outputs: [this.#size] });
    return this.#size++;
  }

  /** A head ends there. */
  end(head: string, place: Place): void {
    this.#ends.set(head, place);
  }

  /** Heads that depend on what is at each place. To be asked once all heads have ended. */
  get readers(): readonly (readonly string[])[] {
    this.#readers ??= this.#readersOf();
    return this.#readers;
  }

  /** Everything, for who looks where heads part. */
  get uses() {
    return {
      inputs: this.#begun.map((value) => ({ value })),
      nodes: this.#uses,
      heads: [...this.#ends].map(([objective, value]) => ({ objective, value })),
      readers: this.readers,
    };
  }

  #readersOf(): readonly (readonly string[])[] {
    const sets = Array.from({ length: this.#size }, () => new Set<string>());
    for (const [head, place] of this.#ends) sets[place]?.add(head);
    for (const { inputs, outputs } of this.#uses.toReversed())
      for (const input of inputs) for (const head of sets[outputs[0]] ?? []) sets[input]?.add(head);
    return sets.map((set) => [...set]);
  }
}
