import type { Chunk } from '../../../src/core/chunk.ts';
import type { Reading, ReadOptions } from '../../../src/source/source.ts';
import { heads, SampleSource } from '../sample.ts';

/** Rows that are not those of the stream in question have keys from here on. */
export const firstAside = 1_000;

/** Sources beside the stream in question that were read. */
const opened: SampleSource[] = [];

/** How many of them are still being read. */
export const openAside = (): number => opened.reduce((sum, { open }) => sum + open, 0);

/** Five rows from elsewhere: read from `firstAside` on. */
export function otherRows(): SampleSource {
  const source = new SampleSource({ name: 'other', rows: firstAside + 5, chunks: [4], slow: true });
  opened.push(source);
  return source;
}

/** Labels for those of the first rows that have none. */
class MissingLabels extends SampleSource {
  override async *read(options: ReadOptions): AsyncGenerator<Reading> {
    for await (const { chunk, ...reading } of super.read(options)) {
      const isBare = (_: number, row: number): boolean => !heads.some((head) => chunk.labels[head]?.present[row]);
      yield { ...reading, chunk: labelsOf(chunk.keys.filter(isBare), 'a') };
    }
  }
}

export function missingLabels(rows: number): SampleSource {
  const source = new MissingLabels({ name: 'labels', rows, chunks: [5], slow: true });
  opened.push(source);
  return source;
}

/** A label of a head for each row with one of these keys, without its features. */
export function labelsOf(keys: Int32Array, head: string): Chunk {
  const { length: rows } = keys;
  const labels = { [head]: { values: new Float32Array(rows), present: new Uint8Array(rows).fill(1) } };
  return { rows, inputs: {}, labels, keys, ids: Array.from(keys, (key) => `id${key}`) };
}
