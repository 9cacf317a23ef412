import type { Chunk } from '../core/chunk.ts';
import { emptyChunk, gatherRows, sliceChunk } from '../core/rows.ts';
import type { HeldRows } from './state.ts';

/** The rows of a batch, or the end of an epoch. */
export interface Emitted {
  readonly chunk: Chunk;
  readonly epoch: number;
  readonly epochEnd?: number;
}

/** As JSON; the rows stand apart. */
export type EmittedPlace = { readonly rows: number; readonly epoch: number; readonly epochEnd: number | null };

/** Batches that were emitted and have not come to their end, in their order: a stream that goes on emits them again. */
export class EmittedBatches {
  readonly #batches: Emitted[] = [];
  /** Rows of the first that came to an outcome. */
  #endedRows = 0;

  add(emitted: Emitted): void {
    this.#batches.push(emitted);
  }

  /** So many rows came to an outcome, in the order in which they were emitted; or, without any, an epoch ended. */
  ended(rows: number): void {
    if (rows === 0) this.#batches.splice(0, 1 + this.#batches.findIndex(({ epochEnd }) => epochEnd !== undefined));
    this.#endedRows += rows;
    // Who tells of rows alone has passed the ends of epochs before them.
    for (let [first] = this.#batches; first && this.#endedRows > 0; [first] = this.#batches) {
      if (first.chunk.rows > this.#endedRows) return;
      this.#endedRows -= first.chunk.rows;
      this.#batches.shift();
    }
  }

  json(): EmittedPlace[] {
    return this.#batches.map(({ chunk, epoch, epochEnd = null }) => ({ rows: chunk.rows, epoch, epochEnd }));
  }

  held(): HeldRows {
    const chunks = this.#batches.map(({ chunk }) => chunk);
    const each = (value: (at: number, row: number) => number): Int32Array =>
      Int32Array.from(chunks.flatMap(({ rows }, at) => Array.from({ length: rows }, (_, row) => value(at, row))));
    return { chunks, of: each((at) => at), rows: each((_, row) => row) };
  }
}

/** Batches as they were when a state was taken. */
export function emittedOf(places: readonly EmittedPlace[], held: HeldRows): Emitted[] {
  const all = gatherRows(held.chunks, held);
  let end = 0;
  return places.map(({ rows, epoch, epochEnd }) => {
    const begin = end;
    end += rows;
    return {
      chunk: rows === 0 ? emptyChunk : sliceChunk(all, begin, end),
      epoch,
      ...(epochEnd === null ? {} : { epochEnd }),
    };
  });
}
