import type { EventSink } from '../../core/event.ts';
import { matchNames } from '../../core/pattern.ts';
import type { HeadSetting } from '../../core/steering.ts';
import type { HeadEvaluation } from '../../core/train-event.ts';
import type { Schedule, ScheduleState } from '../../optimizer/index.ts';
import { plateau } from '../../optimizer/schedule/plateau.ts';
import type { StepRunner } from '../../step/runner.ts';
import { setAll } from './set.ts';

export interface PlateauOptions {
  /** Pattern of the heads that are looked at. */
  readonly heads: string;
  /** Evaluations without progress that are put up with. */
  readonly patience: number;
  /** Share by which the loss must fall to count as progress. */
  readonly threshold: number;
  /** What becomes of a head then: its learning rate is multiplied by `factor`, or it stays as it is. */
  readonly action: 'reduce' | 'freeze';
  readonly factor: number;
}

/** By head. */
export type PlateauStates = Readonly<Record<string, ScheduleState>>;

/**
 * Looks at what heads are worth on rows that are not trained on: one whose loss falls no more learns more slowly from then
 * on, or no more at all. Judged as the schedule `plateau` judges, an evaluation for a window.
 */
export class Plateaus {
  readonly #options: PlateauOptions;
  readonly #schedule: Schedule;
  readonly #states = new Map<string, ScheduleState>();

  constructor(options: PlateauOptions) {
    const { patience, threshold, factor } = options;
    this.#options = options;
    this.#schedule = plateau.build({ base: 1, factor, window: 1, patience, threshold, cooldown: 0 }, undefined);
  }

  /** Takes over what was remembered. */
  restore(states: PlateauStates): void {
    for (const [head, state] of Object.entries(states)) this.#states.set(head, state);
  }

  /** What is remembered: plain data, for checkpoints. */
  state(): PlateauStates {
    return Object.fromEntries(this.#states);
  }

  /** Heads were evaluated, between steps: sets those otherwise that make no more progress, and tells of it. */
  look(evaluated: Readonly<Record<string, HeadEvaluation>>, runner: StepRunner, step: number, events: EventSink): void {
    const heads: Record<string, Partial<HeadSetting>> = {};
    for (const head of matchNames(this.#options.heads, Object.keys(evaluated))) {
      const { loss } = evaluated[head] as HeadEvaluation;
      const { frozen, learningRate } = runner.head(head);
      if (loss === null || frozen) continue;
      const before = this.#states.get(head) ?? this.#schedule.start();
      const after = this.#schedule.observe(before, loss);
      this.#states.set(head, after);
      if (this.#schedule.rate(0, after) === this.#schedule.rate(0, before)) continue;
      const { action, factor } = this.#options;
      heads[head] = action === 'freeze' ? { frozen: true } : { learningRate: learningRate * factor };
    }
    if (Object.keys(heads).length === 0) return;
    setAll(runner, { heads, branches: {} });
    events({ type: 'settingsChanged', step, heads, branches: {} });
  }
}
