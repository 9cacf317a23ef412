import type { MonoTypeOperatorFunction } from 'rxjs';
import type { Chunk } from '../core/chunk.ts';
import { emptyChunk, gatherRows } from '../core/rows.ts';
import type { StreamChunk } from './item.ts';
import type { Outcome } from './ledger.ts';
import { onFlow } from './operator.ts';

/** Whether something is so of a row of a chunk. Must depend on nothing else, or runs can't be repeated. */
export type RowPredicate = (chunk: Chunk, row: number) => boolean;

/** Lets rows pass of which `predicate` is so; the others are counted as filtered. */
export function keep(predicate: RowPredicate): MonoTypeOperatorFunction<StreamChunk> {
  return onFlow('keep', (_, emit) => ({
    next: (item) => emit(keepRows(item, (row) => predicate(item, row), 'filtered')),
  }));
}

/** The rows of an item of which `predicate` is so. The others come to `outcome`. */
export function keepRows(item: StreamChunk, predicate: (row: number) => boolean, outcome: Outcome): StreamChunk {
  const { flow, epoch, epochEnd, repeats } = item;
  const kept: number[] = [];
  let repeatsKept = 0;
  for (let row = 0; row < item.rows; row++) {
    if (!predicate(row)) continue;
    kept.push(row);
    repeatsKept += repeats?.[row] ?? 0;
  }
  if (kept.length === item.rows) return item;
  const again = (repeats?.reduce((count, repeat) => count + repeat, 0) ?? 0) - repeatsKept;
  flow.settle(outcome, item.rows - kept.length, again);
  const chunk = kept.length === 0 ? emptyChunk : gatherRows([item], { of: new Int32Array(kept.length), rows: kept });
  return { ...chunk, flow, epoch, ...(epochEnd === undefined ? {} : { epochEnd }) };
}
