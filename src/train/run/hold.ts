import type { Flow } from '../../stream/flow.ts';
import type { StreamState } from '../../stream/state.ts';

/** Where a stream stands between two steps: a run can be kept there, whatever is read ahead meanwhile. */
export interface Standing {
  readonly flow: Flow;
  readonly state: StreamState;
}

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
  #begun = 0;
  #ended = 0;
  /** Those who wait until nothing is under way. */
  #waiting: (() => void)[] = [];
  /** Steps that wait for being begun, in their order. */
  #begin: (() => void)[] = [];
  /** Undefined where it is not known: when batches were read ahead, and since a step was begun. */
  standing: Standing | undefined;

  /** Why steps are held up; undefined when they are not. */
  get cause(): HoldCause | undefined {
    return this.#cause;
  }

  /** Whether nothing is under way that was begun before. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Whether a step is under way. */
  get isWorking(): boolean {
    return this.#begun > this.#ended;
  }

  /** Whether steps are held up where the run can be kept, or where nothing has come of it yet. */
  get isStill(): boolean {
    return this.#isHeld && !this.isWorking && (this.standing !== undefined || this.#begun === 0);
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
    while (this.#allowed > 0 && this.#begin.length > 0) {
      this.#allowed--;
      this.#begin.shift()?.();
    }
  }

  /** Holds nothing up any more. */
  release(): void {
    this.#cause = undefined;
    this.#isHeld = false;
    this.#allowed = 0;
    this.standing = undefined;
    for (const begin of this.#begin.splice(0)) begin();
    this.#tell();
  }

  /** Resolves when a step may be begun: one after the other. */
  async passed(): Promise<void> {
    if (this.#cause && this.#allowed === 0) await new Promise<void>((resolve) => this.#begin.push(resolve));
    else if (this.#cause) this.#allowed--;
    this.#begun++;
    this.standing = undefined;
  }

  /** A step has ended, or come to nothing. */
  ended(): void {
    this.#ended++;
  }

  #tell(): void {
    for (const told of this.#waiting.splice(0)) told();
  }
}
