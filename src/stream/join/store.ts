import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { ConfigError } from '../../core/error.ts';
import { damaged } from '../../source/lmdb/damage.ts';
import { checkRoom, isOutOfRoom } from '../../source/lmdb/room.ts';
import { verifyStore } from '../../source/lmdb/verify.ts';
import { type DueKey, dueKey, type Entry, readEntry, type WrittenEntry, writeEntry } from './entry.ts';
import { emptyTally, type StoreTally, tallied } from './store-tally.ts';
import { acquire, openTables, release, type Tables, verifyEntries } from './tables.ts';
import { unwritable } from './unwritable.ts';

/** Where a store is: which one, and the change that it was last given. Small, and plain data: it stands in checkpoints. */
export type StorePosition = { readonly store: string; readonly sequence: number };

/** What a change replaced, so that it can be undone, and what it no longer needs. */
interface Undo {
  readonly before: Head;
  readonly entries: readonly (readonly [key: string, before: WrittenEntry | null])[];
  /** Numbers of rows that are deleted when nobody goes back any more. */
  readonly dead: readonly number[];
}

interface Head {
  readonly sequence: number;
  /** Number of the next row, and order of the next entry. */
  readonly next: number;
  readonly tally: StoreTally;
}

/** Changes that are forgotten at a time. */
const forgottenAtOnce = 32;

/**
 * What waits to be joined, on the disk. It is changed in one transaction at a time, each with a number of its own. As
 * long as somebody may go back to before a change, what it replaced is kept, and rows that it let go of are not deleted.
 */
export class JoinStore {
  readonly #path: string;
  readonly #tables: Tables;
  #head: Head;
  #id: string;
  /** The highest number that a change ever had. */
  #highest: number;
  /** Whether somebody may go back: since a position was asked for. */
  #isUndoable: boolean;
  #before = new Map<string, WrittenEntry | null>();
  #dead: number[] = [];
  /** Whether the disk did not take the last change. */
  #isFull = false;
  #isClosed = false;
  #closing: Promise<void> | undefined;

  private constructor(path: string, tables: Tables, id: string) {
    this.#path = path;
    this.#tables = tables;
    this.#id = id;
    this.#head = (tables.meta.get('head') as Head | undefined) ?? { sequence: 0, next: 0, tally: emptyTally };
    this.#highest = Number(tables.meta.get('highest') ?? 0);
    this.#isUndoable = true;
  }

  /**
   * Opens the store of a folder: as it was at a position, or empty.
   * @throws ConfigError when it is in use, or can't go back there; UnwritableStore when the disk does not take that
   */
  static async open(directory: string, position: StorePosition | undefined): Promise<JoinStore> {
    const path = await acquire(directory);
    try {
      await mkdir(path, { recursive: true });
      checkRoom(path);
      verifyStore(path, directory);
      const tables = await openTables(path, directory);
      try {
        const store = new JoinStore(path, tables, String(tables.meta.get('id')));
        if (position) {
          verifyEntries(tables, directory);
          store.#goBack(position, directory);
        } else store.#clear();
        return store;
      } catch (error) {
        await tables.root.close();
        throw error;
      }
    } catch (error) {
      release(path);
      throw isOutOfRoom(error) ? unwritable(directory, error) : error;
    }
  }

  get tally(): StoreTally {
    return this.#head.tally;
  }

  /** Texts that were kept with numbers, in their order. */
  names(of: 'forms' | 'heads'): readonly string[] {
    return Array.from(this.#tables.names.range({ start: [of], end: [of, Number.MAX_VALUE] }), ({ value }) => value);
  }

  keepName(of: 'forms' | 'heads', number: number, text: string): void {
    this.#tables.names.put([of, number], text);
  }

  /** Where it is. From now on it can go back there, until `cover` says that nobody will. */
  position(): StorePosition {
    this.#isUndoable = true;
    return { store: this.#id, sequence: this.#head.sequence };
  }

  /** Changes it: all of that or nothing. @throws UnwritableStore when the disk does not take it */
  change(act: () => void): void {
    const before = this.#head;
    const [highest, { meta, undo }] = [this.#highest, this.#tables];
    try {
      this.#write(() => {
        act();
        this.#highest = highest + 1;
        this.#head = { ...this.#head, sequence: this.#highest };
        meta.put('highest', this.#highest);
        meta.put('head', this.#head);
        if (this.#isUndoable)
          undo.put(this.#highest, { before, entries: [...this.#before], dead: this.#dead } satisfies Undo);
      });
    } catch (error) {
      this.#head = before;
      this.#highest = highest;
      throw error;
    } finally {
      this.#before = new Map();
      this.#dead = [];
    }
  }

  /** @throws UnwritableStore when the disk does not take it */
  #write(act: () => void): void {
    let isComplete = false;
    try {
      if (this.#isFull) checkRoom(this.#path);
      this.#tables.write(() => {
        act();
        isComplete = true;
      });
      this.#isFull = false;
    } catch (error) {
      if (!isComplete && !isOutOfRoom(error)) throw error;
      this.#isFull = true;
      throw unwritable(this.#path, error);
    }
  }

  find(key: string): Entry | undefined {
    const written = this.#tables.entries.get(key);
    return written && readEntry(written);
  }

  /** A number that no row or entry has had. */
  number(): number {
    const { next } = this.#head;
    this.#head = { ...this.#head, next: next + 1 };
    return next;
  }

  /** Puts an entry in the place of another, or of none; within `change`. */
  replace(key: string, before: Entry | undefined, after: Entry | undefined): void {
    const { entries, dues } = this.#tables;
    if (this.#isUndoable && !this.#before.has(key)) this.#before.set(key, before ? writeEntry(before) : null);
    if (before) dues.remove(dueKey(before));
    if (after) {
      entries.put(key, writeEntry(after));
      dues.put(dueKey(after), key);
    } else entries.remove(key);
    this.#head = { ...this.#head, tally: tallied(this.#head.tally, before, after) };
  }

  /** Keeps bytes; within `change`. @returns their number */
  add(bytes: Buffer): number {
    const number = this.number();
    this.#tables.rows.put(number, bytes);
    return number;
  }

  /** @throws ConfigError when it is no longer there as it was kept */
  row(number: number): Buffer {
    const bytes = this.#tables.rows.get(number);
    if (!bytes) throw damaged(this.#path, `no row ${number}`);
    return bytes;
  }

  /** Lets bytes go; within `change`. */
  drop(rows: readonly number[]): void {
    if (this.#isUndoable) this.#dead.push(...rows);
    else for (const number of rows) this.#tables.rows.remove(number);
  }

  /** Keys of those that end first, up to a time, and no more than so many. */
  due(isWaiting: 0 | 1, untilMs: number, limit: number): readonly string[] {
    const range = { start: [isWaiting] as unknown as DueKey, end: [isWaiting, untilMs, Number.MAX_VALUE] as DueKey };
    return Array.from(this.#tables.dues.range({ ...range, limit }), ({ value }) => value);
  }

  /** When the first ends. */
  firstDueMs(): number {
    const first = ([0, 1] as const).map((isWaiting) => {
      const range = { start: [isWaiting] as unknown as DueKey, end: [isWaiting + 1] as unknown as DueKey, limit: 1 };
      const [key] = this.#tables.dues.keys(range);
      return key?.[1] ?? Number.POSITIVE_INFINITY;
    });
    return Math.min(...first);
  }

  /** Resolves when every change so far is on the disk. */
  async durable(): Promise<void> {
    if (this.#isClosed) return this.#closing;
    await this.#tables.flush();
  }

  /** Nobody goes back to before a position: what was kept for that is deleted, a little at a time. */
  async cover({ store, sequence }: StorePosition): Promise<void> {
    const { undo, rows, write } = this.#tables;
    if (store !== this.#id) return;
    for (; !this.#isClosed; await turn()) {
      const covered = Array.from(undo.range({ end: sequence + 1, limit: forgottenAtOnce }));
      if (covered.length === 0) return;
      write(() => {
        for (const { key, value } of covered) {
          for (const number of (value as Undo).dead) rows.remove(number);
          undo.remove(key);
        }
      });
      // There is room in the store itself now.
      this.#isFull = false;
    }
  }

  /** Everything is on the disk when the next one opens it. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const close = async (): Promise<void> => {
      await this.#tables.flush();
      await this.#tables.root.close();
    };
    this.#closing = close();
    release(this.#path, this.#closing);
  }

  #clear(): void {
    this.#id = randomUUID();
    this.#write(() => {
      const { entries, dues, rows, undo, meta, names } = this.#tables;
      for (const table of [entries, dues, rows, undo, meta, names]) table.clear();
      meta.put('id', this.#id);
    });
    this.#head = { sequence: 0, next: 0, tally: emptyTally };
    this.#highest = 0;
    this.#isUndoable = false;
  }

  /** Undoes every change after a position. */
  #goBack({ store, sequence }: StorePosition, directory: string): void {
    const { entries, dues, rows, undo, meta } = this.#tables;
    const found = (text: string): ConfigError =>
      new ConfigError({
        where: directory,
        expected: `the join's store as of change ${sequence} of '${store}', as in the checkpoint`,
        found: text,
        hint: 'a store belongs to one run: begin anew, or put back the folder that the checkpoint was written beside',
      });
    if (store !== this.#id) throw found(this.#id === 'undefined' ? 'an empty one' : `one of '${this.#id}'`);
    const { next } = this.#head;
    let head = this.#head;
    this.#write(() => {
      for (const { key, value } of undo.range({ reverse: true })) {
        if (head.sequence <= sequence) break;
        const { before, entries: replaced } = value as Undo;
        for (const [id, written] of replaced) {
          const now = entries.get(id);
          if (now) dues.remove(dueKey(readEntry(now)));
          if (written) {
            entries.put(id, written);
            dues.put(dueKey(readEntry(written)), id);
          } else entries.remove(id);
        }
        undo.remove(key);
        head = before;
      }
      if (head.sequence !== sequence) throw found(`one that can go back to change ${head.sequence}`);
      for (const number of Array.from(rows.keys({ start: head.next, end: next }))) rows.remove(number);
      meta.put('head', head);
    });
    this.#head = head;
  }
}
