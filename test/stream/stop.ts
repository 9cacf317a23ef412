import { type Observable, Subject, takeUntil } from 'rxjs';
import { decodeState, encodeState } from '../../src/stream/encode.ts';
import type { StreamBatch } from '../../src/stream/item.ts';
import type { FlowCounts } from '../../src/stream/ledger.ts';
import type { StreamState } from '../../src/stream/state.ts';
import { all, plain } from './sample.ts';

/** All batches, as they can be compared, and what became of the rows. */
export async function run(
  batches$: Observable<StreamBatch>,
): Promise<{ readonly batches: readonly unknown[]; readonly counts: FlowCounts | undefined }> {
  const batches = await all(batches$);
  return { batches: batches.map(plain), counts: batches.at(-1)?.flow.counts() };
}

/** Stops after a batch, with the state that follows it, as it would be read from a file; undefined when there are fewer. */
export function stopAfter(batches$: Observable<StreamBatch>, count: number): Promise<StreamState | undefined> {
  return new Promise((resolve, reject) => {
    let seen = 0;
    // The first batches may come while it is being subscribed to.
    const stopped$ = new Subject<void>();
    batches$.pipe(takeUntil(stopped$)).subscribe({
      next(batch) {
        if (batch.rows > 0 || batch.epochEnd !== undefined) seen++;
        if (seen === count - 1) batch.flow.capture();
        if (!batch.state) return;
        const { json, arrays } = encodeState(batch.flow.completed(batch.state));
        resolve(decodeState({ json: JSON.parse(JSON.stringify(json)), arrays }));
        stopped$.next();
      },
      error: reject,
      complete: () => resolve(undefined),
    });
  });
}
