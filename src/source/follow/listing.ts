import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import type { Arrival } from './arrivals.ts';
import type { WatchedFolder } from './pattern.ts';

/** A file that may still be being written. */
interface Seen {
  readonly bytes: number;
  readonly changedMs: number;
  readonly sinceMs: number;
}

/** Looks into a folder for files that are new and complete: whose size and time have not changed for a while. */
export class Listing {
  readonly #folder: WatchedFolder;
  readonly #quietMs: number;
  readonly #clock: Clock;
  #seen = new Map<string, Seen>();

  constructor(folder: WatchedFolder, quietMs: number, clock: Clock) {
    this.#folder = folder;
    this.#quietMs = quietMs;
    this.#clock = clock;
  }

  /** Whether files were there that may still be being written. */
  get isWaiting(): boolean {
    return this.#seen.size > 0;
  }

  /**
   * The new files that are complete, by name.
   * @param isKnown whether a file is none that is new
   * @throws the system's error, when the folder can't be read
   */
  async complete(isKnown: (name: string) => boolean): Promise<readonly Arrival[]> {
    const { path, isDeep } = this.#folder;
    const entries = await readdir(path, { withFileTypes: true, recursive: isDeep });
    const names = entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => relative(path, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
      .filter((name) => this.#folder.matches(name) && !isKnown(name))
      .sort();
    const seen = new Map<string, Seen>();
    const complete: Arrival[] = [];
    for (const name of names) {
      const found = await this.#look(name);
      if (!found) continue;
      if (this.#clock.monotonicMs() - found.sinceMs < this.#quietMs) seen.set(name, found);
      else complete.push({ name, bytes: found.bytes });
    }
    this.#seen = seen;
    return complete;
  }

  /** Since when a file is as it is; undefined when it is none, or is gone again. */
  async #look(name: string): Promise<Seen | undefined> {
    const found = await stat(join(this.#folder.path, name)).catch((error: NodeJS.ErrnoException) => {
      // It was renamed or taken away since. What can't be read is found out when it is read.
      if (error.code === 'ENOENT') return undefined;
      return 'unreadable' as const;
    });
    if (found === undefined || (found !== 'unreadable' && !found.isFile())) return undefined;
    const [bytes, changedMs] = found === 'unreadable' ? [-1, -1] : [found.size, found.mtimeMs];
    const before = this.#seen.get(name);
    if (before && before.bytes === bytes && before.changedMs === changedMs) return before;
    return { bytes, changedMs, sinceMs: this.#clock.monotonicMs() };
  }
}
