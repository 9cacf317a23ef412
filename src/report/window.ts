import { type HeadMean, HeadMeans } from '../core/head-means.ts';
import type { StepTaken } from '../core/train-event.ts';

/** What some steps came to, together. */
export interface WindowSummary {
  readonly steps: number;
  readonly rows: number;
  /** Mean of the merged losses, by steps; undefined when there were none. */
  readonly loss: number | undefined;
  readonly heads: Readonly<Record<string, HeadMean>>;
  /** Milliseconds of all steps together, by stage. */
  readonly times: Readonly<Record<Stage, number>>;
}

const stages = ['waitMs', 'assembleMs', 'computeMs', 'mergeMs', 'updateMs'] as const;
type Stage = (typeof stages)[number];

/** Adds up steps until somebody asks. Memory is bounded by the number of heads. */
export class StepWindow {
  #steps = 0;
  #rows = 0;
  #loss = 0;
  readonly #heads = new HeadMeans();
  #times: Record<Stage, number> = noTimes();

  add(event: StepTaken): void {
    this.#steps++;
    this.#rows += event.rows;
    this.#loss += event.loss;
    for (const stage of stages) this.#times[stage] += event[stage];
    this.#heads.add(event.heads);
  }

  summary(): WindowSummary {
    return {
      steps: this.#steps,
      rows: this.#rows,
      loss: this.#steps > 0 ? this.#loss / this.#steps : undefined,
      heads: this.#heads.all(),
      times: { ...this.#times },
    };
  }

  /** The summary of what was added since the last call. */
  take(): WindowSummary {
    const summary = this.summary();
    this.#steps = 0;
    this.#rows = 0;
    this.#loss = 0;
    this.#heads.clear();
    this.#times = noTimes();
    return summary;
  }
}

const noTimes = (): Record<Stage, number> => ({ waitMs: 0, assembleMs: 0, computeMs: 0, mergeMs: 0, updateMs: 0 });
