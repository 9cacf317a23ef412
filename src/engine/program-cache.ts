import { LRUCache } from 'lru-cache';
import { EngineError } from '../core/error.ts';

/** A program that is being made ready, or is. */
interface Entry<Ready> {
  readonly ready: Promise<Ready>;
  evicted: boolean;
}

/**
 * Says that a program is in use, so that others are evicted before it.
 * @throws EngineError when it was evicted
 */
export type Use = () => void;

/** The programs that were used last, by what they are for. Those who ask for one at the same time share it. */
export class ProgramCache<Ready> {
  readonly #entries: LRUCache<string, Entry<Ready>>;
  #discarded: Promise<unknown> = Promise.resolve();

  /**
   * @param limit programs kept
   * @param discard frees one; must not fail
   */
  constructor(limit: number, discard: (ready: Ready, key: string) => Promise<void>) {
    this.#entries = new LRUCache({
      max: limit,
      dispose: (entry, key) => {
        entry.evicted = true;
        const freed = entry.ready.then(
          (ready) => discard(ready, key),
          () => {},
        );
        this.#discarded = Promise.all([this.#discarded, freed]);
      },
    });
  }

  /**
   * The program of that key, made when there is none.
   * @param make nothing is evicted for it when it throws at once
   */
  get(key: string, make: (use: Use) => Promise<Ready>): Promise<Ready> {
    const known = this.#entries.get(key);
    if (known) return known.ready;
    const entry: Entry<Ready> = { ready: make(() => this.#use(key, entry)), evicted: false };
    this.#entries.set(key, entry);
    entry.ready.catch(() => {
      if (!entry.evicted) this.#entries.delete(key);
    });
    return entry.ready;
  }

  /** Frees every program, also those that are still being made. */
  async clear(): Promise<void> {
    this.#entries.clear();
    await this.#discarded;
  }

  #use(key: string, { evicted }: Entry<Ready>): void {
    if (evicted)
      throw new EngineError({
        where: 'prepared step',
        expected: 'one in use',
        found: 'one that was evicted when others were prepared',
        hint: "prepare it again, or raise the engine's option 'programs'",
      });
    this.#entries.get(key);
  }
}
