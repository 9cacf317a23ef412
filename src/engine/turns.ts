/**
 * The order of steps when some of them stop half-way for an answer: what is asked for meanwhile waits until such a step
 * has ended. What nothing holds up is begun at once.
 */
export class Turns {
  /** Until when later ones wait; it never fails. */
  #held: Promise<unknown> | undefined;

  /**
   * @param run begins the work
   * @param holds whether later ones wait until it has ended, and not only until it has begun
   */
  take<Result>(run: () => Promise<Result>, holds = false): Promise<Result> {
    if (!this.#held && !holds) return run();
    // In an object, because a promise of a promise would wait for both.
    const begun = (this.#held ?? Promise.resolve()).then(() => ({ ended: run() }));
    const ended = begun.then((work) => work.ended);
    const release = (): void => {
      if (this.#held === held) this.#held = undefined;
    };
    const held: Promise<void> = (holds ? ended : begun).then(release, release);
    this.#held = held;
    return ended;
  }
}
