import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Database, Key, RootDatabase } from 'lmdb';
import { ConfigError } from '../../core/error.ts';
import { syncDirectory } from '../../sink/append-file.ts';
import { binaryForm, CheckedTable } from '../lmdb/checked.ts';
import { Damage, damaged } from '../lmdb/damage.ts';
import { checkRoom, isOutOfRoom } from '../lmdb/room.ts';
import { verifyStore } from '../lmdb/verify.ts';
import { commit } from './commit.ts';
import { KeyTable, type NewKey, type Retention } from './keys.ts';

/** Rows that were kept together. */
export interface Entry {
  /** Number of the first row. */
  readonly first: number;
  readonly rows: number;
  readonly value: Buffer;
  /** Whether it is as long as it was written. */
  readonly isWhole: boolean;
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
  /** Whether the disk did not take the last rows. */
  #isFull = false;

  /** @throws Damage when its rows do not follow each other */
  private constructor(path: string, tables: Tables, id: string) {
    this.id = id;
    this.#path = path;
    this.#tables = tables;
    this.#next = Number(tables.meta.get('next') ?? 0);
    this.#first = this.#next;
    let expected: number | undefined;
    for (const [first, rows, sizeBytes] of tables.entries.getKeys()) {
      expected ??= this.#first = first;
      if (first !== expected) throw new Damage(`row ${first} follows row ${expected - 1}`);
      expected += rows;
      this.#sizeBytes += sizeBytes;
    }
    if (expected !== undefined && expected !== this.#next)
      throw new Damage(`row ${this.#next} is to come, after row ${expected - 1}`);
    this.#unread = { row: this.#first, sizeBytes: this.#sizeBytes };
  }

  /** @throws ConfigError when it is open already, damaged, or another than the one that was begun in its folder */
  static async open(directory: string, retention: Retention): Promise<AcceptedLog> {
    const path = resolve(directory);
    if (opened.has(path))
      throw new ConfigError({ where: directory, expected: 'a log of one source alone', found: 'one that is in use' });
    opened.add(path);
    try {
      // Loaded by those who use it: it is native code.
      const lmdb = await import('lmdb');
      await mkdir(path, { recursive: true });
      if (!['data.mdb', 'lock.mdb'].every((file) => existsSync(join(path, file)))) checkRoom(path);
      verifyStore(path, directory);
      // Batches by turns of the event loop fail with a promise that nobody can look at; ours are put together by `commit`.
      const root = lmdb.open({ path, overlappingSync: false, eventTurnBatching: false, maxDbs: 4 });
      try {
        const checked = <K extends Key>(table: Database<Buffer, K>): CheckedTable<Buffer, K> =>
          new CheckedTable(table, binaryForm, directory);
        const tables: Tables = {
          root,
          entries: root.openDB({ name: 'entries', encoding: 'binary' }),
          meta: root.openDB({ name: 'meta', encoding: 'json' }),
          keys: new KeyTable(
            checked(root.openDB({ name: 'keys', encoding: 'binary', keyEncoding: 'binary' })),
            checked(root.openDB({ name: 'groups', encoding: 'binary' })),
            retention,
          ),
        };
        const kept = readable(directory, () => tables.meta.get('id') as string | undefined);
        const id = kept ?? randomUUID();
        const isMarked = await checkBegun(path, id, directory);
        const log = readable(directory, () => new AcceptedLog(path, tables, id));
        if (kept === undefined) await commit(root, () => void tables.meta.put('id', id));
        if (!isMarked) await markBegun(path, id);
        return log;
      } catch (error) {
        await root.close();
        throw error;
      }
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
    try {
      if (this.#isFull) checkRoom(this.#path);
      await commit(root, () => {
        if (rows > 0) entries.put([this.#next, rows, value.length], value);
        if (rows > 0) meta.put('next', next);
        committed = table.put(keys, nowMs);
      });
    } catch (error) {
      this.#isFull = isOutOfRoom(error);
      throw error;
    }
    this.#isFull = false;
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
      found.push({ first, rows: ownRows, value, isWhole: value.length === ownBytes });
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
    // There is room in the log itself now.
    this.#isFull = false;
    this.#first = Math.max(this.#first, ...gone.map(([first, rows]) => first + rows));
    for (const [, , sizeBytes] of gone) this.#sizeBytes -= sizeBytes;
  }

  async close(): Promise<void> {
    await this.#tables.root.close();
    opened.delete(this.#path);
  }
}

/** @throws ConfigError when what is read is no longer what was written */
function readable<T>(directory: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw damaged(directory, error instanceof Error ? error.message : String(error));
  }
}

/** Beside the log: which it is. So one that is empty, or from elsewhere, is not taken for it. */
const begun = 'begun';

/** @returns whether it says so. @throws ConfigError when another log was begun in a folder */
async function checkBegun(path: string, id: string, directory: string): Promise<boolean> {
  const known = await readFile(join(path, begun), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (known !== undefined && known !== id) throw damaged(directory, 'another log than the one that was begun there');
  return known !== undefined;
}

/** Brings to the disk that a log is there: its files are of the directories, which LMDB leaves alone. */
async function markBegun(path: string, id: string): Promise<void> {
  const file = await open(join(path, `${begun}.part`), 'w');
  await file
    .writeFile(id)
    .then(() => file.sync())
    .finally(() => file.close());
  await rename(join(path, `${begun}.part`), join(path, begun));
  for (const folder of [path, dirname(path)]) await syncDirectory(folder);
}
