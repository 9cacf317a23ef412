import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Database, RootDatabase } from 'lmdb';
import { ConfigError } from '../../core/error.ts';
import { syncDirectory } from '../../sink/append-file.ts';
import { commit } from './commit.ts';
import { KeyTable, type NewKey, type Retention } from './keys.ts';

/** Rows that were kept together. */
export interface Entry {
  /** Number of the first row. */
  readonly first: number;
  readonly rows: number;
  readonly value: Buffer;
}

type EntryKey = [first: number, rows: number, sizeBytes: number];

interface Tables {
  readonly root: RootDatabase;
  readonly entries: Database<Buffer, EntryKey>;
  readonly meta: Database<string | number, string>;
  readonly keys: KeyTable;
}

/** Logs of this process: two writers would number rows alike. */
const opened = new Set<string>();

/**
 * Rows that were accepted, in their order, from the first that somebody may still ask for. A row's number stays its own
 * for as long as the log exists. What `append` resolved for is on the disk: LMDB synchronizes data before the page that
 * makes them visible, and `overlappingSync` is off, so a commit is told of after both.
 */
export class AcceptedLog {
  /** Tells this log from one that was begun in its place. */
  readonly id: string;
  readonly #path: string;
  readonly #tables: Tables;
  #next: number;
  #sizeBytes = 0;
  #first: number;
  /** What was not read yet: from which row on, and its bytes. */
  #unread: { readonly row: number; readonly sizeBytes: number };
  #waiting: (() => void)[] = [];

  private constructor(path: string, tables: Tables, id: string) {
    this.id = id;
    this.#path = path;
    this.#tables = tables;
    this.#next = Number(tables.meta.get('next') ?? 0);
    this.#first = this.#next;
    for (const [first, , sizeBytes] of tables.entries.getKeys()) {
      this.#first = Math.min(this.#first, first);
      this.#sizeBytes += sizeBytes;
    }
    this.#unread = { row: this.#first, sizeBytes: this.#sizeBytes };
  }

  /** @throws ConfigError when it is open already */
  static async open(directory: string, retention: Retention): Promise<AcceptedLog> {
    const path = resolve(directory);
    if (opened.has(path))
      throw new ConfigError({ where: directory, expected: 'a log of one source alone', found: 'one that is in use' });
    opened.add(path);
    try {
      // Loaded by those who use it: it is native code.
      const { open } = await import('lmdb');
      await mkdir(path, { recursive: true });
      // Batches by turns of the event loop fail with a promise that nobody can look at; ours are put together by `commit`.
      const root = open({ path, overlappingSync: false, eventTurnBatching: false, maxDbs: 4 });
      const tables: Tables = {
        root,
        entries: root.openDB({ name: 'entries', encoding: 'binary' }),
        meta: root.openDB({ name: 'meta', encoding: 'json' }),
        keys: new KeyTable(
          root.openDB({ name: 'keys', encoding: 'binary', keyEncoding: 'binary' }),
          root.openDB({ name: 'groups', encoding: 'binary' }),
          retention,
        ),
      };
      const id = String(tables.meta.get('id') ?? randomUUID());
      await commit(root, () => void tables.meta.put('id', id));
      // That the files exist is of the directories, which LMDB leaves alone.
      for (const folder of [path, dirname(path)]) await syncDirectory(folder);
      return new AcceptedLog(path, tables, id);
    } catch (error) {
      opened.delete(path);
      throw error;
    }
  }

  /** Number of the first row that is still there, and of the one after the last. */
  get first(): number {
    return this.#first;
  }

  get next(): number {
    return this.#next;
  }

  /** Bytes of the rows that are there. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  find(key: Buffer): Buffer | undefined {
    return this.#tables.keys.find(key);
  }

  /** What was not read yet. */
  get unread(): { readonly rows: number; readonly sizeBytes: number } {
    return { rows: this.#next - this.#unread.row, sizeBytes: this.#unread.sizeBytes };
  }

  /** Reading begins at a row. */
  readFrom(row: number): void {
    let sizeBytes = 0;
    for (const [, , own] of this.#tables.entries.getKeys({ start: [row] as never })) sizeBytes += own;
    this.#unread = { row, sizeBytes };
  }

  /** Entries were read. */
  readUpTo({ first, rows }: Entry, sizeBytes: number): void {
    this.#unread = { row: first + rows, sizeBytes: this.#unread.sizeBytes - sizeBytes };
  }

  /**
   * Keeps rows, and what they are known by. To be called one after the other. Resolves when they are on the disk.
   * @throws when they can't be: nothing of them is kept then
   */
  async append(value: Buffer, rows: number, keys: readonly NewKey[], nowMs: number): Promise<void> {
    const { entries, meta, root, keys: table } = this.#tables;
    const next = this.#next + rows;
    let committed = (): void => {};
    await commit(root, () => {
      if (rows > 0) entries.put([this.#next, rows, value.length], value);
      if (rows > 0) meta.put('next', next);
      committed = table.put(keys, nowMs);
    });
    committed();
    this.#next = next;
    if (rows > 0) {
      this.#sizeBytes += value.length;
      this.#unread = { ...this.#unread, sizeBytes: this.#unread.sizeBytes + value.length };
    }
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Entries from a row on, until they have so many rows or bytes, but one at least if there is one. */
  read(from: number, most: { readonly rows: number; readonly sizeBytes: number }): readonly Entry[] {
    const found: Entry[] = [];
    let [rows, sizeBytes] = [0, 0];
    for (const { key, value } of this.#tables.entries.getRange({ start: [from] as never })) {
      const [first, ownRows, ownBytes] = key;
      if (found.length > 0 && (rows + ownRows > most.rows || sizeBytes + ownBytes > most.sizeBytes)) break;
      found.push({ first, rows: ownRows, value });
      rows += ownRows;
      sizeBytes += ownBytes;
    }
    return found;
  }

  /** Resolves when rows come. @throws the signal's reason, as soon as it aborts */
  async arrival(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.push(wake);
      signal.addEventListener('abort', wake);
    });
    signal.throwIfAborted();
  }

  /** Forgets the rows before one. */
  async forget(before: number): Promise<void> {
    const { entries, root } = this.#tables;
    const gone = [...entries.getKeys({ end: [before] as never })].filter(([first, rows]) => first + rows <= before);
    if (gone.length === 0) return;
    await commit(root, () => {
      for (const key of gone) entries.remove(key);
    });
    this.#first = Math.max(this.#first, ...gone.map(([first, rows]) => first + rows));
    for (const [, , sizeBytes] of gone) this.#sizeBytes -= sizeBytes;
  }

  async close(): Promise<void> {
    await this.#tables.root.close();
    opened.delete(this.#path);
  }
}
