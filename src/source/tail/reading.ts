import type { Json } from '../../core/chunk.ts';
import type { Clock } from '../../core/clock.ts';
import { SourceError, TrunklineError } from '../../core/error.ts';
import type { FileReader, Scanned } from '../file/reader.ts';
import type { Shard } from '../file/row.ts';
import type { TableColumn } from '../source.ts';
import type { OpenFile } from './candidate.ts';
import { beforeOf, headOf, lastLineEnd } from './content.ts';
import type { LineFiles, Next } from './line-files.ts';
import { beginning, type TailPlace } from './place.ts';

export interface TailScan {
  readonly reader: FileReader;
  readonly columns: readonly TableColumn[];
  readonly shard: Shard | undefined;
  readonly signal: AbortSignal;
}

/** Rows of a file, and the place after them. */
export interface TailPart {
  readonly path: string;
  /** A number that stays with the file, for the keys of its rows. */
  readonly file: number;
  readonly scanned: Scanned;
}

/** How a file stands once everything whole in it was read. */
type Standing =
  /** More may come. */
  | 'open'
  /** A later file is there, and this one has been quiet for a while. */
  | 'over'
  /** What was read is no more in it. */
  | 'replaced';

/** One of the files that lines are written to, while it is read. */
export class TailFile {
  readonly #file: OpenFile;
  readonly #clock: Clock;
  #head: string | undefined;
  #place: Pick<TailPlace, 'row' | 'mark'>;
  #before: { readonly byte: number; readonly hash: string } | undefined;
  /** Up to here no line ends after the place. */
  #searched = 0;
  #size = -1;
  /** Whether all of a file that does not grow was read. */
  #isRead = false;
  #changedMs: number;
  #quietSinceMs: number;

  /** @param place where it is gone on with, and what it is known by; the beginning, when left out */
  constructor(file: OpenFile, clock: Clock, place?: TailPlace) {
    this.#file = file;
    this.#clock = clock;
    this.#place = place ?? beginning;
    // Known from the place and not from the file, which may have been cut off since.
    if (place) this.#before = { byte: place.mark.byte, hash: place.before };
    this.#head = place?.head ?? undefined;
    this.#changedMs = file.changedMs;
    this.#quietSinceMs = clock.monotonicMs();
  }

  get path(): string {
    return this.#file.path;
  }

  get changedMs(): number {
    return this.#changedMs;
  }

  private get isPacked(): boolean {
    return this.path.endsWith('.gz');
  }

  get byte(): number {
    return this.#place.mark.byte;
  }

  /** The place after a part of what was read. */
  async placeAfter({ row, mark }: Scanned['next']): Promise<TailPlace> {
    const place = mark as TailPlace['mark'];
    if (this.#before?.byte !== place.byte)
      this.#before = { byte: place.byte, hash: (await beforeOf(this.#file, place.byte)) ?? '' };
    return { head: this.#head ?? null, before: this.#before.hash, changedMs: this.#changedMs, row, mark: place };
  }

  /** Where reading stands. */
  async place(): Promise<TailPlace> {
    return this.placeAfter(this.#place as Scanned['next']);
  }

  /** Whole lines that came since; nothing when there are none. @throws TrunklineError when they can't be read */
  async *read(scan: TailScan): AsyncGenerator<TailPart> {
    const { size, mtimeMs } = await this.#file.handle.stat();
    if (size !== this.#size || mtimeMs !== this.#changedMs) this.#quietSinceMs = this.#clock.monotonicMs();
    this.#size = size;
    this.#changedMs = mtimeMs;
    // What is packed is complete, and read as a whole.
    if (this.isPacked) return;
    const end = await lastLineEnd(this.#file.handle, Math.max(this.byte, this.#searched), size);
    if (end === undefined) this.#searched = Math.max(this.#searched, size);
    else yield* this.#scan(scan, end);
  }

  /** All that is left, also a last line without its end. */
  async *rest(scan: TailScan): AsyncGenerator<TailPart> {
    if (this.isPacked && this.#isRead) return;
    yield* this.#scan(scan, this.isPacked ? undefined : this.#size);
    this.#isRead = true;
  }

  async *#scan({ reader, ...options }: TailScan, end: number | undefined): AsyncGenerator<TailPart> {
    const { handle } = this.#file;
    this.#head ??= await headOf(this.#file);
    const file = Number.parseInt((this.#head ?? '0').slice(0, 7), 16);
    const part = end === undefined ? { handle } : { handle, end };
    const { row, mark } = this.#place;
    for await (const scanned of reader.scan(this.path, { ...options, file, from: row, mark: mark as Json, part })) {
      const next = scanned.next as Pick<TailPlace, 'row' | 'mark'>;
      yield { path: this.path, file, scanned };
      this.#place = next;
    }
  }

  /** Whether what was read is still in front of the place. */
  async isWhole(): Promise<boolean> {
    if (this.isPacked || this.byte === 0) return true;
    const { before } = await this.place();
    return (await beforeOf(this.#file, this.byte)) === before;
  }

  /** How it stands when `read` gave nothing. */
  async standing(files: LineFiles, quietMs: number): Promise<Standing> {
    if (!(await this.isWhole())) return 'replaced';
    if (this.isPacked && !this.#isRead) return 'over';
    const next = await this.#after(files);
    if (!next) return 'open';
    // Whoever wrote to it may go on for a moment, though only to the one before the last.
    const isQuiet = this.#clock.monotonicMs() - this.#quietSinceMs >= quietMs;
    return !next.isLast || isQuiet ? 'over' : 'open';
  }

  /** The file that was begun after this one. */
  async next(files: LineFiles): Promise<OpenFile | undefined> {
    return files.opened(await this.#after(files));
  }

  /** The last file is begun with its first line, so that it is found again however it is put aside. */
  async #after(files: LineFiles): Promise<Next | undefined> {
    const { inode, path } = this.#file;
    const next = await files.after({ inode, path, changedMs: this.#changedMs }, await this.place());
    return next?.isLast && !(await files.hasLine(next)) ? undefined : next;
  }

  async close(): Promise<void> {
    await this.#file.handle.close();
  }
}

/** What is wrong with a file as a whole; anything else is thrown. */
export function fileFault(error: unknown): TrunklineError {
  if (error instanceof TrunklineError) return error;
  if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  const { message } = error as Error;
  return new SourceError(
    { where: 'files', expected: 'files that can be read', found: message },
    { cause: error as Error },
  );
}
