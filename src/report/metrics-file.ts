import type { Clock } from '../core/clock.ts';
import type { TrunklineEvent } from '../core/event.ts';
import type { HeadEvaluation } from '../core/train-event.ts';
import { type HeadMean, StepWindow } from './window.ts';

/** What some steps came to: since the last such line. */
export interface TrainLine {
  readonly type: 'train';
  /** Wall time, ISO 8601. */
  readonly time: string;
  readonly step: number;
  readonly epoch: number;
  readonly rows: number;
  readonly loss: number | null;
  readonly heads: Readonly<Record<string, HeadMean>>;
}

export interface EvaluationLine {
  readonly type: 'evaluation';
  readonly time: string;
  readonly step: number;
  readonly epoch: number;
  readonly source: string;
  readonly heads: Readonly<Record<string, HeadEvaluation>>;
}

/** A line of `metrics.ndjson`. */
export type MetricLine = TrainLine | EvaluationLine;

export interface MetricLinesOptions {
  readonly clock: Clock;
  /** Takes a line. */
  readonly write: (line: MetricLine) => void;
  /** Steps that one line is about. */
  readonly everySteps: number;
}

/** Turns events into the lines of `metrics.ndjson`: one for some steps together, one for each evaluation. */
export class MetricLines {
  readonly #options: MetricLinesOptions;
  readonly #window = new StepWindow();
  #steps = 0;
  #last = { step: 0, epoch: 0 };

  constructor(options: MetricLinesOptions) {
    this.#options = options;
  }

  readonly event = (event: TrunklineEvent): void => {
    if (event.type === 'stepTaken') {
      this.#window.add(event);
      this.#last = { step: event.step, epoch: event.epoch };
      if (++this.#steps >= this.#options.everySteps) this.#flush();
    } else if (event.type === 'epochEnded' || event.type === 'runEnded') this.#flush();
    else if (event.type === 'headsEvaluated') {
      const { step, epoch, source, heads } = event;
      this.#options.write({ type: 'evaluation', time: this.#time(), step, epoch, source, heads });
    }
  };

  #flush(): void {
    if (this.#steps === 0) return;
    this.#steps = 0;
    const { rows, loss = null, heads } = this.#window.take();
    this.#options.write({ type: 'train', time: this.#time(), ...this.#last, rows, loss, heads });
  }

  #time(): string {
    return new Date(this.#options.clock.nowMs()).toISOString();
  }
}
