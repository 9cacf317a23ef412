import type { MonoTypeOperatorFunction } from 'rxjs';
import type { StreamChunk } from './item.ts';
import { onFlow } from './operator.ts';
import type { Recording } from './recording.ts';

/**
 * Records the samples that pass, and passes them on. Reading waits until what was read is written. The place of the
 * recording is part of the stream's state: a stream that goes on from one forgets what was recorded after it, so that
 * each row is there once. Of every state that is taken the recording is flushed, which ends a part of Parquet.
 * @param recording of this stream alone; whoever opened it closes it when the stream has ended
 */
export function record(recording: Recording): MonoTypeOperatorFunction<StreamChunk> {
  return onFlow('record', (flow, emit, fail) => {
    let written: Promise<void> = Promise.resolve();
    let flushed: Promise<void> = written;
    const waitFor = (work: Promise<void>): void => {
      written = work.catch(fail);
    };
    const restored = flow.register({
      name: 'record',
      ready: () => written,
      state: () => {
        const { place } = recording;
        flushed = recording.flush();
        // Whoever keeps the state waits for it.
        flushed.catch(() => {});
        return { json: place, rows: {} };
      },
      durable: () => flushed,
    });
    if (restored) waitFor(recording.truncate(restored.json as number));
    return {
      next: (item) => {
        if (item.rows > 0) waitFor(recording.take(item));
        emit(item);
      },
    };
  });
}
