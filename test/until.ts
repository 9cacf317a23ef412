/** Waits for something to be there, and looks again whenever something happened. */
export class Until {
  readonly #looking = new Set<() => void>();

  /** Something happened. */
  look(): void {
    for (const look of this.#looking) look();
  }

  /** Resolves with what is looked for. */
  found<Found>(find: () => Found | undefined): Promise<Found> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = find();
        if (found === undefined) return;
        this.#looking.delete(look);
        resolve(found);
      };
      this.#looking.add(look);
      look();
    });
  }
}
