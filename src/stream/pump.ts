import { Observable } from 'rxjs';
import { emptyChunk } from '../core/rows.ts';
import type { Flow } from './flow.ts';
import type { StreamChunk } from './item.ts';

/** Where a flow's rows come from. */
export interface Feed {
  readonly flow: Flow;
  /** The epoch at the beginning. */
  readonly epoch: number;
  /**
   * Waits for rows. What it resolves to takes them out at once, with everything that says where the feed is: whoever asks
   * for the state finds rows either before this flow or in it. Undefined at the end.
   */
  next(): Promise<(() => StreamChunk | undefined) | undefined>;
  /** Told when nothing more is wanted. */
  close(): void;
}

/** Emits what a feed has, as long as more is wanted. First comes an item without rows, by which operators get to know the flow. */
export function pump(open: () => Feed, signal?: AbortSignal): Observable<StreamChunk> {
  return new Observable((subscriber) => {
    const feed = open();
    const { flow, epoch } = feed;
    const abort = (): void => subscriber.error(signal?.reason);
    signal?.addEventListener('abort', abort);
    subscriber.add(() => {
      signal?.removeEventListener('abort', abort);
      flow.end();
      feed.close();
    });
    const run = async (): Promise<void> => {
      subscriber.next({ ...emptyChunk, flow, epoch });
      flow.checkRestored();
      for (;;) {
        await flow.untilWanted();
        if (subscriber.closed) return;
        const take = await feed.next();
        if (subscriber.closed) return;
        if (!take) break;
        const chunk = take();
        if (chunk) subscriber.next(chunk);
      }
      subscriber.complete();
    };
    if (signal?.aborted) abort();
    else run().catch((error) => subscriber.error(error));
  });
}
