import type { Observable } from 'rxjs';
import type { Reading, ReadOptions, Source } from '../../../src/source/source.ts';
import type { StreamChunk } from '../../../src/stream/item.ts';
import { heads } from '../sample.ts';

/** A medium whose rows are the items of a stream, whatever is wanted. */
export class Pushed implements Source {
  readonly name = 'sample';
  readonly replayable = true;
  readonly inputs = {};
  readonly heads = heads;
  readonly #items$: Observable<StreamChunk>;

  constructor(items$: Observable<StreamChunk>) {
    this.#items$ = items$;
  }

  async *read({ signal }: ReadOptions): AsyncGenerator<Reading> {
    const news: (() => Reading | undefined)[] = [];
    let wake = (): void => {};
    const tell = (what: () => Reading | undefined): void => {
      news.push(what);
      wake();
    };
    const subscription = this.#items$.subscribe({
      next: (chunk) => chunk.rows > 0 && tell(() => ({ chunk, rejected: [], position: 0 })),
      error: (error) =>
        tell(() => {
          throw error;
        }),
      complete: () => tell(() => undefined),
    });
    signal.addEventListener('abort', () => {
      subscription.unsubscribe();
      tell(() => undefined);
    });
    for (;;) {
      while (news.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      const reading = news.shift()?.();
      if (!reading) return;
      yield reading;
    }
  }
}
