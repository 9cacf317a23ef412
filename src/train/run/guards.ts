import type { EventSink } from '../../core/event.ts';
import type { SkippedStep, StepReport } from '../../step/report.ts';
import type { EpochEnd, StepItem } from '../../stream/item.ts';
import type { RunCheckpoints } from './checkpoints.ts';
import { GoingBack } from './going-back.ts';
import { NotFinite } from './not-finite.ts';
import type { RunPlan } from './plan.ts';

/** What keeps a run from going on where that leads nowhere. */
export class Guards {
  readonly #notFinite: NotFinite;
  readonly #goingBack: GoingBack;
  readonly #pause: (reason: string) => void;

  /** @param pause holds the run up, for somebody to see to it */
  constructor(
    { runner, pauseAfter, goBackAfter: after }: RunPlan,
    events: EventSink,
    checkpoints: RunCheckpoints,
    pause: (reason: string) => void,
  ) {
    this.#notFinite = new NotFinite(pauseAfter);
    this.#goingBack = new GoingBack({ runner, after, events, newest: () => checkpoints.newest(), pause });
    this.#pause = pause;
  }

  /** To be told of every step before a later one is begun. */
  readonly ended = (report: StepReport | SkippedStep): Promise<void> | undefined => this.#goingBack.look(report);

  /** To be told of every step. */
  look(item: Exclude<StepItem, EpochEnd>): void {
    const reason = this.#notFinite.look(item);
    if (reason !== undefined) this.#pause(reason);
  }

  /** Somebody has seen to it. */
  reset(): void {
    this.#notFinite.reset();
    this.#goingBack.reset();
  }
}
