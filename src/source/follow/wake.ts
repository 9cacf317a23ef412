import { type FSWatcher, watch } from 'node:fs';
import type { Clock } from '../../core/clock.ts';

/**
 * Waits for a folder to change. The system's word for it comes at once where there is one; otherwise, and on file systems
 * that tell of nothing, the time that one waits at most has to do.
 */
export class Wake {
  readonly #path: string;
  readonly #clock: Clock;
  /** Which changes count: files that come and go, or also what becomes of them. */
  readonly #kind: 'names' | 'contents';
  #watcher: FSWatcher | undefined;
  #changed = false;
  #notify: (() => void) | undefined;

  constructor(path: string, clock: Clock, kind: 'names' | 'contents') {
    this.#path = path;
    this.#clock = clock;
    this.#kind = kind;
  }

  /** To be called before one looks: what changes from then on ends the wait. */
  listen(): void {
    this.#changed = false;
    if (this.#watcher) return;
    try {
      this.#watcher = watch(this.#path, { persistent: false }, (event) => {
        if (event === 'change' && this.#kind === 'names') return;
        this.#changed = true;
        this.#notify?.();
      });
      // The folder is gone, or the system has no more watches to give: then time has to do.
      this.#watcher.on('error', () => this.close());
    } catch {
      this.#watcher = undefined;
    }
  }

  /** Resolves after a change, or after so much time. @throws the signal's reason, as soon as it aborts */
  async wait(longestMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#changed) return;
    const timer = new AbortController();
    const abort = (): void => timer.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    const changed = new Promise<void>((resolve) => {
      this.#notify = resolve;
    });
    const slept = this.#clock.sleep(longestMs, timer.signal);
    try {
      await Promise.race([changed, slept]);
    } finally {
      this.#notify = undefined;
      signal.removeEventListener('abort', abort);
      timer.abort();
      // It was ended, and so says nothing new.
      slept.catch(() => {});
    }
    signal.throwIfAborted();
  }

  /** Ends the watching; `listen` begins it anew. */
  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}
