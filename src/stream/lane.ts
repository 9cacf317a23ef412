import type { Observer } from 'rxjs';
import { ConfigError } from '../core/error.ts';
import type { Flow } from './flow.ts';
import type { StreamChunk } from './item.ts';
import { RowList } from './row-list.ts';

/** A stream that is joined with others: rows that came and were not taken yet. */
export class Lane implements Observer<StreamChunk> {
  readonly rows = new RowList();
  #flow: Flow | undefined;
  #complete = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  next(item: StreamChunk): void {
    if (!this.#flow) {
      this.#flow = item.flow;
      item.flow.consumer(() => this.rows.size === 0);
    }
    if (item.rows === 0) return;
    const chunk = this.rows.enter(item);
    for (let row = 0; row < item.rows; row++) this.rows.push(chunk, row);
    this.#changed();
  }

  error(error: unknown): void {
    this.#failure = { error };
    this.#changed();
  }

  complete(): void {
    this.#complete = true;
    this.#changed();
  }

  /** Whether something came and was not taken, or the stream has ended or failed. */
  get hasNews(): boolean {
    return this.rows.size > 0 || this.#complete || this.#failure !== undefined;
  }

  /** Whether nothing will come any more. @throws what the stream failed with */
  get ended(): boolean {
    if (this.#failure) throw this.#failure.error;
    return this.#complete;
  }

  /** @throws ConfigError when the stream has not begun with an item of its flow */
  flowAt(where: string): Flow {
    if (this.#failure) throw this.#failure.error;
    if (this.#flow) return this.#flow;
    throw new ConfigError({
      where,
      expected: 'a stream of fromSource, which begins at once',
      found: 'one that emitted nothing when it was subscribed to',
    });
  }

  /** Resolves when something has changed. */
  arrival(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** The first rows were taken: another flow counts them now. */
  forward(count: number): void {
    if (count === 0) return;
    const { of, rows } = this.rows.take(Array.from({ length: count }, (_, place) => place));
    let repeats = 0;
    for (let at = 0; at < count; at++) repeats += this.rows.chunk(of[at] as number).repeats?.[rows[at] as number] ?? 0;
    this.rows.compact();
    this.#flow?.settle('forwarded', count, repeats);
  }

  close(): void {
    this.#changed();
  }

  #changed(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
