/** Counts by one name or several: what counters are read from. */
export class Tally {
  readonly #counts = new Map<string, number>();
  readonly #names: readonly string[];

  /** @param names of what is counted apart, in the order of `add` */
  constructor(...names: readonly string[]) {
    this.#names = names;
  }

  add(count: number, ...values: readonly string[]): void {
    const key = JSON.stringify(values);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
  }

  *readings(): IterableIterator<readonly [Readonly<Record<string, string>>, number]> {
    for (const [key, count] of this.#counts) {
      const values = JSON.parse(key) as readonly string[];
      yield [Object.fromEntries(this.#names.map((name, at) => [name, values[at] as string])), count];
    }
  }
}
