import { type Observable, Subject, takeUntil } from 'rxjs';
import { decodeState, encodeState } from '../../src/stream/encode.ts';
import type { StreamBatch } from '../../src/stream/item.ts';
import type { FlowCounts } from '../../src/stream/ledger.ts';
import type { StreamState } from '../../src/stream/state.ts';
import { all, consume, plain, train } from './sample.ts';

/** All batches, as they can be compared, and what became of the rows. */
export async function run(
  batches$: Observable<StreamBatch>,
): Promise<{ readonly batches: readonly unknown[]; readonly counts: FlowCounts | undefined }> {
  const batches = await all(batches$);
  return { batches: batches.map(plain), counts: batches.at(-1)?.flow.counts() };
}

/**
 * Stops after a batch, with the state that follows it, as it would be read from a file; undefined when there are fewer.
 * @param batches$ of which nobody has counted anything yet
 * @param ahead batches that have come when the state is taken, besides: nothing has become of them
 */
export function stopAfter(
  batches$: Observable<StreamBatch>,
  count: number,
  ahead = 0,
): Promise<StreamState | undefined> {
  return new Promise((resolve, reject) => {
    const seen: StreamBatch[] = [];
    // The first batches may come while it is being subscribed to.
    const stopped$ = new Subject<void>();
    const stop = (): void => {
      const [last] = seen.splice(0, count).slice(-1);
      const { json, arrays } = encodeState((last as StreamBatch).flow.state());
      resolve(decodeState({ json: JSON.parse(JSON.stringify(json)), arrays }));
      stopped$.next();
    };
    batches$.pipe(takeUntil(stopped$)).subscribe({
      next(batch) {
        consume(batch.flow);
        if (batch.rows === 0 && batch.epochEnd === undefined) return;
        seen.push(batch);
        if (seen.length <= count) train(batch);
        if (seen.length === count + ahead) stop();
      },
      error: reject,
      complete: () => (seen.length >= count ? stop() : resolve(undefined)),
    });
  });
}
