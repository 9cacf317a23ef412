import type { Clock } from '../core/clock.ts';
import type { TrunklineEvent } from '../core/event.ts';
import type { HeadMean } from '../core/head-means.ts';
import type { HeadEvaluation, HeadScore } from '../core/train-event.ts';
import { StepWindow } from './window.ts';

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

/** Metrics of the last labels that each head was trained on, each scored before that: not of rows that are held out. */
export interface PrequentialLine {
  readonly type: 'prequential';
  readonly time: string;
  readonly step: number;
  readonly epoch: number;
  readonly heads: Readonly<Record<string, HeadScore>>;
}

/** A line of `metrics.ndjson`. */
export type MetricLine = TrainLine | EvaluationLine | PrequentialLine;

export interface MetricLinesOptions {
  readonly clock: Clock;
  /** Takes a line. */
  readonly write: (line: MetricLine) => void;
  /** Steps that one line is about, at first: see `growth`. */
  readonly everySteps: number;
}

/**
 * A line is about at least this share of all steps so far: the file grows by the logarithm of the steps, and a run of
 * months leaves some ten thousand lines.
 */
const growth = 1 / 1000;

/** Turns events into the lines of `metrics.ndjson`: one for some steps together, one for each scoring. */
export class MetricLines {
  readonly #options: MetricLinesOptions;
  readonly #window = new StepWindow();
  #steps = 0;
  #last = { step: 0, epoch: 0 };
  /** Of the last line of prequential scores. */
  #scoredStep = 0;

  constructor(options: MetricLinesOptions) {
    this.#options = options;
  }

  readonly event = (event: TrunklineEvent): void => {
    if (event.type === 'stepTaken') {
      this.#window.add(event);
      this.#last = { step: event.step, epoch: event.epoch };
      if (++this.#steps >= this.#options.everySteps) this.#flush(event.step);
    } else if (event.type === 'epochEnded') this.#flush(event.step);
    else if (event.type === 'runEnded') this.#flush(0);
    else if (event.type === 'headsScored') {
      const { step, epoch, heads } = event;
      if (step - this.#scoredStep < growth * step) return;
      this.#scoredStep = step;
      this.#options.write({ type: 'prequential', time: this.#time(), step, epoch, heads });
    } else if (event.type === 'headsEvaluated') {
      const { step, epoch, source, heads } = event;
      this.#options.write({ type: 'evaluation', time: this.#time(), step, epoch, source, heads });
    }
  };

  /** @param step so many were taken */
  #flush(step: number): void {
    if (this.#steps === 0 || this.#steps < growth * step) return;
    this.#steps = 0;
    const { rows, loss = null, heads } = this.#window.take();
    this.#options.write({ type: 'train', time: this.#time(), ...this.#last, rows, loss, heads });
  }

  #time(): string {
    return new Date(this.#options.clock.nowMs()).toISOString();
  }
}
