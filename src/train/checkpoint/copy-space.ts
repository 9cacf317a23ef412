import { setImmediate } from 'node:timers/promises';
import type { TypedArray } from '../../core/dtype.ts';

type Arrays = Readonly<Record<string, TypedArray>>;

/** Bytes that are cleared at once, after which others have their turn. */
const stretchBytes = 2 ** 20;
/** Where a copy begins is a multiple of this: the largest element's size. */
const alignment = 8;

/** Arrays that stay as they are while those they were copied from change. */
export interface Copied {
  readonly arrays: Arrays;
  /** Nobody reads them any more. */
  release(): void;
}

/**
 * Memory that arrays are copied into, again and again. Copies in memory of their own take three times as long, because
 * the system clears each page of it when it is first written.
 */
export class CopySpace {
  #bytes = new Uint8Array(0);
  #isTaken = false;
  #isMade = Promise.resolve();

  /** Has room for so many bytes, a little later; what memory there is none for is done without. */
  async prepare(sizeBytes: number): Promise<void> {
    this.#isMade = this.#isMade.then(() => this.#grow(sizeBytes));
    await this.#isMade;
  }

  /** Copies arrays. What there is no room for, as while other copies are in use, gets memory of its own. */
  copy(arrays: Arrays): Copied {
    const [bytes, isOurs] = [this.#bytes, !this.#isTaken];
    this.#isTaken = true;
    let used = isOurs ? 0 : bytes.length;
    const copies = Object.entries(arrays).map(([name, values]): [string, TypedArray] => {
      const begin = used;
      if (begin + values.byteLength > bytes.length) return [name, values.slice()];
      used += aligned(values.byteLength);
      const kind = values.constructor as new (buffer: ArrayBuffer, offset: number, length: number) => Float32Array;
      const copy = new kind(bytes.buffer, begin, values.length);
      copy.set(values as Float32Array);
      return [name, copy];
    });
    const release = (): void => {
      if (isOurs && bytes === this.#bytes) this.#isTaken = false;
      void this.prepare(Object.values(arrays).reduce((sum, { byteLength }) => sum + aligned(byteLength), 0));
    };
    return { arrays: Object.fromEntries(copies), release };
  }

  async #grow(sizeBytes: number): Promise<void> {
    if (sizeBytes <= this.#bytes.length) return;
    const bytes = allocate(sizeBytes);
    if (!bytes) return;
    for (let at = 0; at < sizeBytes; at += stretchBytes) {
      bytes.fill(0, at, at + stretchBytes);
      await setImmediate();
    }
    // Those who copied meanwhile keep the memory that they copied into.
    this.#bytes = bytes;
    this.#isTaken = false;
  }
}

function allocate(sizeBytes: number): Uint8Array<ArrayBuffer> | undefined {
  try {
    return new Uint8Array(sizeBytes);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const aligned = (sizeBytes: number): number => Math.ceil(sizeBytes / alignment) * alignment;
