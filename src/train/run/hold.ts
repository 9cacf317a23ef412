/** Why steps are held up, and whether somebody asked for it who can let them go on. */
export interface HoldCause {
  readonly reason: string;
  readonly asked: boolean;
}

/** Holds a run's steps up, but for those that are let through. */
export class Hold {
  #cause: HoldCause | undefined;
  #isHeld = false;
  /** Steps that may be begun all the same. */
  #allowed = 0;
  #working = 0;
  /** Those who wait until nothing is under way, or steps are let go. */
  #waiting: (() => void)[] = [];
  /** The step that waits for being begun. */
  #begin: (() => void) | undefined;
  #isOver = false;

  /** Why steps are held up; undefined when they are not. */
  get cause(): HoldCause | undefined {
    return this.#cause;
  }

  /** Whether nothing is under way that was begun before. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Steps that are under way. */
  get working(): number {
    return this.#working;
  }

  /** Begins no more steps. Resolves when none is under way, or they are let go. */
  want(cause: HoldCause): Promise<void> {
    this.#cause ??= cause;
    return this.#isHeld ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Nothing is under way. */
  hold(): void {
    this.#isHeld = true;
    this.#tell();
  }

  /** Lets so many steps through. */
  allow(steps: number): void {
    this.#allowed += steps;
    if (this.#allowed > 0) this.#go();
  }

  /** Holds nothing up any more. */
  release(): void {
    this.#cause = undefined;
    this.#isHeld = false;
    this.#allowed = 0;
    this.#tell();
    this.#go();
  }

  /** Nothing is begun any more. */
  end(): void {
    this.#isOver = true;
    this.#tell();
  }

  /** Resolves when a step may be begun. To be called by one after the other. */
  async passed(): Promise<void> {
    while (this.#isOver || (this.#cause && this.#allowed === 0))
      await new Promise<void>((resolve) => {
        this.#begin = resolve;
      });
    if (this.#cause) this.#allowed--;
    this.#working++;
  }

  /** A step has ended, or come to nothing. */
  ended(): void {
    this.#working--;
  }

  #go(): void {
    const begin = this.#begin;
    this.#begin = undefined;
    begin?.();
  }

  #tell(): void {
    for (const told of this.#waiting.splice(0)) told();
  }
}
