import type { StepTaken } from '../../core/train-event.ts';

/** What the steps of one interval came to, in shares of it. */
export interface IntervalRates {
  readonly stepsPerSecond: number;
  readonly rowsPerSecond: number;
  /** Mean of the merged losses; undefined when no step was taken. */
  readonly loss: number | undefined;
  /** Share of the time in which the engine computed, from 0 to 1. */
  readonly busy: number;
}

/** Adds steps up until the interval is over. Rates are the same for everybody who asks, however often. */
export class Interval {
  readonly #lengthMs: number;
  #startMs: number;
  #steps = 0;
  #rows = 0;
  #loss = 0;
  #busyMs = 0;

  constructor(lengthMs: number, nowMs: number) {
    this.#lengthMs = lengthMs;
    this.#startMs = nowMs;
  }

  add({ rows, loss, computeMs, mergeMs, updateMs }: StepTaken): void {
    this.#steps++;
    this.#rows += rows;
    this.#loss += loss;
    this.#busyMs += computeMs + mergeMs + updateMs;
  }

  /** The rates of an interval that is over, once; undefined while it is not. */
  end(nowMs: number): IntervalRates | undefined {
    const lastedMs = nowMs - this.#startMs;
    if (lastedMs < this.#lengthMs) return undefined;
    const rates = {
      stepsPerSecond: (1000 * this.#steps) / lastedMs,
      rowsPerSecond: (1000 * this.#rows) / lastedMs,
      loss: this.#steps > 0 ? this.#loss / this.#steps : undefined,
      busy: Math.min(1, this.#busyMs / lastedMs),
    };
    this.#startMs = nowMs;
    this.#steps = 0;
    this.#rows = 0;
    this.#loss = 0;
    this.#busyMs = 0;
    return rates;
  }
}
