import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import type { EventSink } from '../../core/event.ts';
import type { Arrival } from './arrivals.ts';
import { Listing } from './listing.ts';
import type { WatchedFolder } from './pattern.ts';
import { Wake } from './wake.ts';

export interface IncomingOptions {
  /** What the source is called, for events. */
  readonly name: string;
  readonly quietMs: number;
  readonly pollMs: number;
  readonly clock: Clock;
  readonly events: EventSink;
}

/** Gives the next file of a folder when it is there; waits for the folder itself, too. */
export class Incoming {
  readonly #folder: WatchedFolder;
  readonly #options: IncomingOptions;
  readonly #listing: Listing;
  readonly #wake: Wake;
  /** Files that were found and not begun. Not looked for again before they are. */
  #queue: Arrival[] = [];
  #awaySinceMs: number | undefined;

  constructor(folder: WatchedFolder, options: IncomingOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#listing = new Listing(folder, options.quietMs, options.clock);
    this.#wake = new Wake(folder.path, options.clock, 'names');
  }

  /**
   * The next file, by name among those that are there.
   * @param isKnown whether a file was begun before
   * @param peek gives undefined instead of waiting
   * @throws the signal's reason
   */
  async next(isKnown: (name: string) => boolean, peek: boolean, signal: AbortSignal): Promise<Arrival | undefined> {
    for (;;) {
      const next = this.#queue.shift();
      if (next && !isKnown(next.name)) {
        if ((await sizeOf(join(this.#folder.path, next.name))) === next.bytes) return next;
        // It is gone, or is being written once more.
        this.#queue = [];
      }
      if (this.#queue.length > 0) continue;
      this.#queue = [...(await this.#look(isKnown))];
      if (this.#queue.length > 0) continue;
      if (peek) return undefined;
      const { quietMs, pollMs } = this.#options;
      await this.#wake.wait(this.#listing.isWaiting ? Math.min(quietMs, pollMs) : pollMs, signal);
    }
  }

  /** Whether the folder can be read now. */
  async isThere(): Promise<boolean> {
    await this.#look(() => false);
    return this.#awaySinceMs === undefined;
  }

  /** Resolves when the folder can be read. @throws the signal's reason */
  async untilThere(signal: AbortSignal): Promise<void> {
    while (!(await this.isThere())) await this.#wake.wait(this.#options.pollMs, signal);
  }

  /** The files that are there and complete; none while the folder is away, of which is told. */
  async #look(isKnown: (name: string) => boolean): Promise<readonly Arrival[]> {
    const { name, clock, events } = this.#options;
    this.#wake.listen();
    try {
      const found = await this.#listing.complete(isKnown);
      if (this.#awaySinceMs !== undefined) {
        events({ type: 'sourceBack', source: name, awayMs: clock.monotonicMs() - this.#awaySinceMs });
        this.#awaySinceMs = undefined;
      }
      return found;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
      // Whoever watched it watches something that is gone.
      this.#wake.close();
      if (this.#awaySinceMs === undefined) {
        events({ type: 'sourceAway', source: name, message: (error as Error).message });
        this.#awaySinceMs = clock.monotonicMs();
      }
      return [];
    }
  }

  close(): void {
    this.#wake.close();
  }
}

/** Bytes of a file; -1 when it is there and does not say; undefined when it is none, or gone. */
async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : -1;
  }
}
