import type { Chunk, Rejected } from '../core/chunk.ts';
import { gatherRows, sliceChunk } from '../core/rows.ts';
import type { Source } from '../source/source.ts';

export interface SourceBatchesOptions {
  /** Rows of a batch; the last one may have fewer. */
  readonly rows: number;
  readonly signal: AbortSignal;
  readonly onRejected?: (rejected: readonly Rejected[]) => void;
}

/** All of a source, in its order, in batches. One reading is held at a time, and less than a batch besides. */
export async function* batchesOf(
  source: Source,
  { rows, signal, onRejected }: SourceBatchesOptions,
): AsyncGenerator<Chunk, void, undefined> {
  let rest: Chunk | undefined;
  for await (const { chunk, rejected } of source.read({ signal, peek: true })) {
    if (rejected.length > 0) onRejected?.(rejected);
    if (chunk.rows === 0) continue;
    const whole: Chunk = rest ? joined(rest, chunk) : chunk;
    let start = 0;
    for (; start + rows <= whole.rows; start += rows) yield sliceChunk(whole, start, start + rows);
    rest = start < whole.rows ? sliceChunk(whole, start, whole.rows) : undefined;
  }
  if (rest) yield rest;
}

function joined(first: Chunk, second: Chunk): Chunk {
  const total = first.rows + second.rows;
  return gatherRows([first, second], {
    of: Int32Array.from({ length: total }, (_, at) => Number(at >= first.rows)),
    rows: Int32Array.from({ length: total }, (_, at) => (at < first.rows ? at : at - first.rows)),
  });
}
