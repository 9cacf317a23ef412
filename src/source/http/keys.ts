import { hash } from 'node:crypto';
import type { CheckedTable } from '../lmdb/checked.ts';

/** How long what was accepted is remembered, so that it is not accepted twice. */
export interface Retention {
  readonly retentionMs: number;
  /** The oldest are forgotten beyond so many. */
  readonly maxKeys: number;
}

/** Something that is remembered, and what under it. */
export interface NewKey {
  readonly key: Buffer;
  readonly value: Buffer;
}

const keyBytes = 16;
/** Groups that are forgotten in one transaction at most, so that none of them takes long. */
const groupsAtOnce = 64;

/** A key of a fixed length: of ids and of idempotency keys, which are told apart by `kind`. */
export function keyOf(kind: 'id' | 'request', text: string): Buffer {
  // Node 20.12 has it; the types of the oldest Node that is supported have not all its forms.
  return (hash('sha256', `${kind}:${text}`, 'buffer') as unknown as Buffer).subarray(0, keyBytes);
}

/** Keys of what was accepted within the retention. Groups of keys are forgotten in the order in which they came. */
export class KeyTable {
  readonly #keys: CheckedTable<Buffer, Buffer>;
  /** By number: when a group came, then its keys. */
  readonly #groups: CheckedTable<Buffer, number>;
  readonly #retention: Retention;
  #next = 0;
  #first = 0;
  #count = 0;

  /** @throws ConfigError when a key or what is under it is another than was written: nobody would ever ask for it */
  constructor(keys: CheckedTable<Buffer, Buffer>, groups: CheckedTable<Buffer, number>, retention: Retention) {
    this.#keys = keys;
    this.#groups = groups;
    this.#retention = retention;
    for (const _ of keys.range({}));
    for (const { key, value } of groups.range({})) {
      if (this.#next === 0) this.#first = key;
      this.#next = key + 1;
      this.#count += keysIn(value);
    }
  }

  get count(): number {
    return this.#count;
  }

  find(key: Buffer): Buffer | undefined {
    return this.#keys.get(key);
  }

  /**
   * Adds keys to the transaction that is being put together, and takes out what is too old.
   * @returns to be called when it was committed
   */
  put(keys: readonly NewKey[], nowMs: number): () => void {
    const { retentionMs, maxKeys } = this.#retention;
    for (const { key, value } of keys) this.#keys.put(key, value);
    let [first, next, count] = [this.#first, this.#next, this.#count + keys.length];
    if (keys.length > 0) {
      const time = Buffer.alloc(8);
      time.writeDoubleLE(nowMs);
      this.#groups.put(next, Buffer.concat([time, ...keys.map(({ key }) => key)]));
      next++;
    }
    for (let gone = 0; gone < groupsAtOnce && first < this.#next; gone++, first++) {
      const group = this.#groups.get(first);
      if (group && count <= maxKeys && group.readDoubleLE(0) >= nowMs - retentionMs) break;
      if (!group) continue;
      for (let at = 8; at < group.length; at += keyBytes) this.#keys.remove(group.subarray(at, at + keyBytes));
      this.#groups.remove(first);
      count -= keysIn(group);
    }
    return () => {
      [this.#first, this.#next, this.#count] = [first, next, count];
    };
  }
}

function keysIn(group: Buffer): number {
  return (group.length - 8) / keyBytes;
}
