import type { Candidate, OpenFile } from './candidate.ts';
import { candidatesOf, openCandidate } from './candidate.ts';
import { beforeOf, headOf } from './content.ts';
import type { TailPlace } from './place.ts';

/** A file that comes after another. */
export type Next = Candidate & { readonly isLast: boolean };

/** The files that lines are written to one after the other: which one has a place, and which comes after another. */
export class LineFiles {
  readonly #path: string;
  readonly #rotated: string;

  constructor(path: string, rotated: string) {
    this.#path = path;
    this.#rotated = rotated;
  }

  list(): Promise<readonly Candidate[]> {
    return candidatesOf(this.#path, this.#rotated);
  }

  /**
   * The oldest file, of those that changed later than a moment; the one that is written to when there is no such.
   * undefined where nothing is there; null where nothing is written yet.
   */
  async first(afterMs = Number.NEGATIVE_INFINITY): Promise<OpenFile | undefined | null> {
    const all = await this.list();
    const found = all.find(({ path, changedMs }) => path === this.#path || changedMs > afterMs);
    if (found?.path === this.#path && !(await this.hasLine(found))) return null;
    return this.opened(found);
  }

  /** Opens a file; undefined when there is none, or another has its name by now. */
  async opened(candidate: Candidate | undefined): Promise<OpenFile | undefined> {
    return candidate && openCandidate(candidate);
  }

  /** Whether a file has a whole line. */
  async hasLine(candidate: Candidate): Promise<boolean> {
    const file = await openCandidate(candidate);
    try {
      return file !== undefined && (await headOf(file)) !== undefined;
    } finally {
      await file?.handle.close();
    }
  }

  /** The file with what was read before a place, whatever it is called now: the newest, if there are several. */
  async having({ head, before, mark }: TailPlace): Promise<OpenFile | undefined> {
    for (const candidate of [...(await this.list())].reverse()) {
      const file = await openCandidate(candidate);
      if (!file) continue;
      try {
        if ((await headOf(file)) === head && (await beforeOf(file, mark.byte)) === before) return file;
      } catch {
        // What can't be unpacked is not what was read, or not yet.
      }
      await file.handle.close();
    }
    return undefined;
  }

  /**
   * The file that was begun after another, and whether that is the one that is written to.
   * @param place how far the other was read: it is known by that when it was packed meanwhile
   */
  async after({ inode, changedMs }: Candidate, place: TailPlace): Promise<Next | undefined> {
    const all = await this.list();
    let at = all.findIndex((other) => other.inode === inode);
    if (at === -1) {
      const same = await this.having(place);
      await same?.handle.close();
      at = same ? all.findIndex((other) => other.inode === same.inode) : -1;
    }
    // Of one that is gone it is known when it changed: what changed later came after it.
    const next =
      at === -1 ? all.find(({ path, ...other }) => path === this.#path || other.changedMs > changedMs) : all[at + 1];
    return next && { ...next, isLast: next.path === this.#path };
  }
}
