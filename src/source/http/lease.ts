import type { AcceptedLog } from './log.ts';

/** One log for all that use it: opened for the first, closed after the last. */
export class LeasedLog {
  readonly #open: () => Promise<AcceptedLog>;
  #log: Promise<AcceptedLog> | undefined;
  #users = 0;

  constructor(open: () => Promise<AcceptedLog>) {
    this.#open = open;
  }

  /** To be released by who asked for it, also when it could not be opened. */
  acquire(): Promise<AcceptedLog> {
    this.#users++;
    this.#log ??= this.#open();
    return this.#log;
  }

  async release(): Promise<void> {
    this.#users--;
    if (this.#users > 0) return;
    const log = this.#log;
    this.#log = undefined;
    // One that could not be opened has told whoever asked for it.
    await log?.then(
      (own) => own.close(),
      () => {},
    );
  }
}
