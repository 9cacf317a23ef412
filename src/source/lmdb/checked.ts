import { crc32 } from 'node:zlib';
import type { Database, Key, RangeOptions } from 'lmdb';
import { damaged } from './damage.ts';

/** How values become bytes, and what they were. */
export interface Form<V> {
  encode(value: V): Buffer;
  decode(bytes: Buffer): V;
}

export const jsonForm = <V>(): Form<V> => ({
  encode: (value) => Buffer.from(JSON.stringify(value)),
  decode: (bytes) => JSON.parse(bytes.toString()) as V,
});

export const binaryForm: Form<Buffer> = { encode: (bytes) => bytes, decode: (bytes) => bytes };

const checksumBytes = 4;

/**
 * A table whose values carry a checksum of themselves and of their key: LMDB has none, and a wrong bit would be gone on with.
 * Whatever reads a value throws a ConfigError when it is no longer what was written.
 */
export class CheckedTable<V, K extends Key> {
  readonly #table: Database<Buffer, K>;
  readonly #form: Form<V>;
  readonly #where: string;

  /** @param table of encoding `binary`. @param where the store, as the user knows it */
  constructor(table: Database<Buffer, K>, form: Form<V>, where: string) {
    this.#table = table;
    this.#form = form;
    this.#where = where;
  }

  get(key: K): V | undefined {
    const bytes = this.#table.getBinary(key);
    return bytes && this.#decode(key, bytes);
  }

  put(key: K, value: V): void {
    const content = this.#form.encode(value);
    const checksum = Buffer.allocUnsafe(checksumBytes);
    checksum.writeUInt32LE(checksumOf(key, content));
    this.#table.put(key, Buffer.concat([checksum, content]));
  }

  remove(key: K): void {
    this.#table.remove(key);
  }

  *range(options: RangeOptions): Generator<{ readonly key: K; readonly value: V }> {
    for (const { key, value } of this.#found(this.#table.getRange(options)))
      yield { key, value: this.#decode(key, value) };
  }

  keys(options: RangeOptions): Iterable<K> {
    return this.#found(this.#table.getKeys(options));
  }

  clear(): void {
    this.#table.clearSync();
  }

  /** What LMDB comes upon, with errors of every kind where the bytes of a key are no key. */
  *#found<Item>(items: Iterable<Item>): Generator<Item> {
    try {
      yield* items;
    } catch (error) {
      throw damaged(this.#where, `keys that can't be read (${error instanceof Error ? error.message : error})`);
    }
  }

  #decode(key: K, bytes: Buffer): V {
    const content = bytes.subarray(checksumBytes);
    if (bytes.length < checksumBytes || checksumOf(key, content) !== bytes.readUInt32LE(0))
      throw damaged(this.#where, `other bytes under ${shown(key)}`);
    return this.#form.decode(content);
  }
}

const checksumOf = (key: Key, content: Buffer): number =>
  crc32(content, crc32(key instanceof Uint8Array ? key : JSON.stringify(key)));

const shown = (key: Key): string =>
  key instanceof Uint8Array ? Buffer.from(key).toString('hex') : JSON.stringify(key);
