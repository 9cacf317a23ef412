import { resolve } from 'node:path';
import type { Key, RootDatabase } from 'lmdb';
import { ConfigError } from '../../core/error.ts';
import { binaryForm, CheckedTable, type Form, jsonForm } from '../../source/lmdb/checked.ts';
import { damaged } from '../../source/lmdb/damage.ts';
import { type DueKey, dueKey, readEntry, type WrittenEntry } from './entry.ts';

/** The tables of a store, and how they are written. */
export interface Tables {
  readonly root: RootDatabase;
  readonly meta: CheckedTable<unknown, string>;
  readonly names: CheckedTable<string, Key[]>;
  readonly entries: CheckedTable<WrittenEntry, string>;
  readonly dues: CheckedTable<string, DueKey>;
  readonly rows: CheckedTable<Buffer, number>;
  readonly undo: CheckedTable<unknown, number>;
  /** All of what is done or nothing, also when the process ends; on the disk by the next flush, in the same order. */
  write(act: () => void): void;
  /** Resolves when all of that is on the disk. */
  flush(): Promise<void>;
}

/** What LMDB's types leave out: everything that was written is brought to the disk. */
type Syncing = RootDatabase & { sync(done: (error?: Error) => void): void };

/** @param path of a folder that is there. @param where the store, as the user knows it */
export async function openTables(path: string, where: string): Promise<Tables> {
  // Loaded by those who use it: it is native code.
  const { open, TransactionFlags } = await import('lmdb');
  const { ABORTABLE, SYNCHRONOUS_COMMIT, NO_SYNC_FLUSH } = TransactionFlags;
  const root = open({ path, maxDbs: 8 }) as Syncing;
  const table = <V, K extends Key>(name: string, form: Form<V> = jsonForm()): CheckedTable<V, K> =>
    new CheckedTable(root.openDB<Buffer, K>({ name, encoding: 'binary' }), form, where);
  return {
    root,
    meta: table('meta'),
    names: table('names'),
    entries: table('entries'),
    dues: table('dues'),
    rows: table('rows', binaryForm),
    undo: table('undo'),
    write: (act) => root.transactionSync(act, ABORTABLE | SYNCHRONOUS_COMMIT | NO_SYNC_FLUSH),
    flush: () =>
      new Promise((resolve, reject) => {
        // A transaction that is not waited for would be tried again without end while the disk is full.
        root.sync((error) => (error ? reject(error) : resolve()));
      }),
  };
}

/** Each entry is found by its key and by when it ends; rows are looked at when they are asked for. @throws ConfigError otherwise */
export function verifyEntries({ entries, dues }: Tables, where: string): void {
  let count = 0;
  for (const { key, value } of entries.range({})) {
    count++;
    if (dues.get(dueKey(readEntry(value))) !== key) throw damaged(where, `'${key}' is not found by its time`);
  }
  for (const _ of dues.keys({})) count--;
  if (count !== 0) throw damaged(where, 'entries that are found by their times alone');
}

/** Stores of this process, each with how the one before was closed: two writers would number changes alike. */
const used = new Map<string, Promise<void> | 'open'>();

/** Waits until nobody has a folder. @throws ConfigError when somebody keeps it */
export async function acquire(directory: string): Promise<string> {
  const path = resolve(directory);
  for (let held = used.get(path); held !== undefined; held = used.get(path)) {
    if (held === 'open')
      throw new ConfigError({
        where: directory,
        expected: 'a folder of one join alone, for what waits in it',
        found: 'one that is in use',
      });
    await held;
  }
  used.set(path, 'open');
  return path;
}

/** Gives a folder back, as soon as it is closed. */
export function release(path: string, closing: Promise<void> = Promise.resolve()): void {
  const closed = closing.finally(() => used.delete(path));
  used.set(path, closed);
  // Who waits for the folder, or for what is in it to be on the disk, hears of a failure.
  closed.catch(() => {});
}
