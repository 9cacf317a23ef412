import { setTimeout as timeout } from 'node:timers/promises';

/** Where time comes from. Injected wherever something waits or depends on it, so that tests and replays decide. */
export interface Clock {
  /** Wall time, milliseconds since 1970-01-01 UTC. May jump when the system's clock is set. */
  nowMs(): number;
  /** Milliseconds since some fixed moment; never goes back. For durations. */
  monotonicMs(): number;
  /**
   * Resolves after `durationMs` (at once when it is 0 or less).
   * @throws the signal's reason, as soon as `signal` aborts
   */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}

/** Node fires timers with a longer delay than this (24.8 days) immediately. */
const longestTimerMs = 2 ** 31 - 1;

/** The machine's own clocks and timers. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  async sleep(durationMs, signal) {
    const endMs = performance.now() + durationMs;
    try {
      for (let restMs = durationMs; restMs > 0; restMs = endMs - performance.now())
        await timeout(Math.min(restMs, longestTimerMs), undefined, signal === undefined ? {} : { signal });
    } catch {
      // The timer throws an AbortError that hides the reason.
    }
    signal?.throwIfAborted();
  },
};

interface Sleeper {
  readonly dueMs: number;
  wake(): void;
}

/** A clock that stands still until told to advance. For tests. */
export class ManualClock implements Clock {
  private elapsedMs = 0;
  private sleepers: Sleeper[] = [];
  private readonly startMs: number;

  /** @param startMs wall time at first, milliseconds since 1970-01-01 UTC */
  constructor(startMs = 0) {
    this.startMs = startMs;
  }

  nowMs(): number {
    return this.startMs + this.elapsedMs;
  }

  monotonicMs(): number {
    return this.elapsedMs;
  }

  /** How many sleeps have not ended yet. */
  get sleeping(): number {
    return this.sleepers.length;
  }

  async sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (durationMs <= 0) return;
    const { promise, resolve, reject } = deferred();
    const sleeper = { dueMs: this.elapsedMs + durationMs, wake: resolve };
    const onAbort = (): void => {
      this.sleepers = this.sleepers.filter((other) => other !== sleeper);
      reject(signal?.reason);
    };
    this.sleepers.push(sleeper);
    signal?.addEventListener('abort', onAbort, { once: true });
    await promise;
    signal?.removeEventListener('abort', onAbort);
  }

  /** Moves time on by `durationMs`, ending sleeps in the order they are due, also those begun by what they woke. */
  async advance(durationMs: number): Promise<void> {
    const endMs = this.elapsedMs + durationMs;
    for (;;) {
      await settle();
      const next = this.sleepers.reduce<Sleeper | undefined>(
        (first, sleeper) => (first === undefined || sleeper.dueMs < first.dueMs ? sleeper : first),
        undefined,
      );
      if (next === undefined || next.dueMs > endMs) break;
      this.sleepers = this.sleepers.filter((other) => other !== next);
      this.elapsedMs = next.dueMs;
      next.wake();
    }
    this.elapsedMs = endMs;
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void; reject: (reason: unknown) => void } {
  let resolve = (): void => {};
  let reject = (_reason: unknown): void => {};
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/** Lets everything run that is already due to run. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
