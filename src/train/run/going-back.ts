import type { EventSink } from '../../core/event.ts';
import type { SkippedStep, StepReport } from '../../step/report.ts';
import type { StepRunner } from '../../step/runner.ts';
import type { HeadMemory, StepState } from '../../step/state.ts';

/** What is known of the newest checkpoint: what the model had learned by then. */
export interface Kept {
  readonly step: number;
  readonly model: StepState;
}

export interface GoingBackOptions {
  readonly runner: StepRunner;
  /** Spikes of one head in a row after which the model goes back; never when left out. */
  readonly after: number | undefined;
  /** The newest checkpoint, when everything that was begun is written; undefined when there is none. */
  readonly newest: () => Promise<Kept | undefined>;
  readonly events: EventSink;
  /** Holds the run up, for somebody to see to it. */
  readonly pause: (reason: string) => void;
}

/**
 * Lets a model that has diverged go back to what it had learned by the last checkpoint. The data go on: those that it was
 * trained on since are not trained on again, as the same would come of them. When that is of no use, the run pauses.
 */
export class GoingBack {
  readonly #options: GoingBackOptions;
  /** The checkpoint that it went back to last. */
  #last: number | undefined;

  constructor(options: GoingBackOptions) {
    this.#options = options;
  }

  /** To be told of every step before a later one is begun. @returns when the model is as it is to go on, where it goes back */
  look({ spikes }: StepReport | SkippedStep): Promise<void> | undefined {
    const { after = Number.POSITIVE_INFINITY } = this.#options;
    const found = Object.entries(spikes ?? {}).find(([, count]) => count === after);
    return found && this.#goBack(`${after} losses of '${found[0]}' in a row are spikes`);
  }

  /** Somebody has seen to it. */
  reset(): void {
    this.#last = undefined;
  }

  async #goBack(reason: string): Promise<void> {
    const { runner, newest, events, pause } = this.#options;
    const kept = await newest();
    if (!kept) return pause(`${reason}, and there is no checkpoint to go back to`);
    if (kept.step === this.#last) return pause(`${reason}, again after going back to step ${kept.step}`);
    this.#last = kept.step;
    // Steps are counted on, so that none has the number of another; what was chosen since stays.
    const { steps, settings, frozen, learningRates } = runner.state();
    const heads = Object.fromEntries(Object.entries(kept.model.heads).map(([head, memory]) => [head, calm(memory)]));
    runner.restore({ ...kept.model, heads, steps, settings, frozen, learningRates });
    events({ type: 'modelWentBack', step: steps, to: kept.step, reason });
  }
}

/** A head's memory, of which no loss is a spike yet. */
const calm = (memory: HeadMemory): HeadMemory =>
  memory.usual ? { ...memory, usual: { ...memory.usual, spikes: 0 } } : memory;
