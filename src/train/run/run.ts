import { type Subscription, takeWhile, tap } from 'rxjs';
import type { Clock } from '../../core/clock.ts';
import type { EventSink } from '../../core/event.ts';
import type { Flow } from '../../stream/flow.ts';
import type { StepItem, StreamBatch } from '../../stream/item.ts';
import type { StreamState } from '../../stream/state.ts';
import { takeSteps } from '../../stream/take-steps.ts';
import { evaluateSource } from '../evaluate-source.ts';
import { RunCheckpoints, type RunPlace } from './checkpoints.ts';
import { eventOf } from './event.ts';
import type { EvaluationPlan, RunPlan } from './plan.ts';

export interface RunOptions {
  readonly clock: Clock;
  readonly events: EventSink;
  /** Whether the run goes on from its newest checkpoint. */
  readonly resume: boolean;
}

/** How a run ended: all epochs were trained, or it was stopped and can go on. */
export interface RunOutcome extends RunPlace {
  readonly outcome: 'finished' | 'stopped';
}

/** Trains until the epochs are over or somebody stops it; scores heads and keeps checkpoints as planned. */
export class TrainingRun {
  readonly #plan: RunPlan;
  readonly #options: RunOptions;
  readonly #checkpoints: RunCheckpoints;
  readonly #controller = new AbortController();
  #flow: Flow | undefined;
  #subscription: Subscription | undefined;
  /** Batches that were handed to the engine and have not ended. */
  #inFlight = 0;
  #step = 0;
  /** Batches that were handed to the engine, those before the run was resumed included. */
  #begun = 0;
  /** Epochs that ended. */
  #epoch = 0;
  #epochStartMs = 0;
  /** Step at which each source was last scored. */
  readonly #scored = new Map<EvaluationPlan, number>();
  #isStopping = false;
  #finish: (outcome: RunOutcome['outcome']) => void = () => {};

  constructor(plan: RunPlan, options: RunOptions) {
    this.#plan = plan;
    this.#options = options;
    this.#checkpoints = new RunCheckpoints(plan, options);
  }

  /**
   * Trains. To be called once.
   * @throws ConfigError when the run can't go on from its checkpoint; TrunklineError when a source or the engine fails:
   *   the checkpoints are as they were
   */
  async run(): Promise<RunOutcome> {
    const { clock, events } = this.#options;
    const startMs = clock.monotonicMs();
    try {
      const restored = await this.#begin();
      const outcome = await this.#train(restored);
      if (outcome === 'finished') await this.#scoreAll(() => true);
      if (this.#flow) await this.#checkpoints.write(this.#flow, this.#flow.state(), this.#place());
      await this.#checkpoints.close();
      const ended = { outcome, ...this.#place() };
      events({ type: 'runEnded', ...ended, durationMs: clock.monotonicMs() - startMs });
      return ended;
    } catch (error) {
      await this.#checkpoints.close();
      const message = error instanceof Error ? error.message : String(error);
      const durationMs = clock.monotonicMs() - startMs;
      events({ type: 'runEnded', outcome: 'failed', ...this.#place(), durationMs, message });
      throw error;
    }
  }

  /** Ends the run after the steps under way, with a checkpoint to go on from. */
  stop(): void {
    this.#isStopping = true;
    this.#flow?.capture();
    this.#stopIfIdle();
  }

  #place(): RunPlace {
    return { step: this.#step, epoch: this.#epoch };
  }

  async #begin(): Promise<StreamState | undefined> {
    const { name, directory, epochs, rowsPerEpoch, runner } = this.#plan;
    const restored = await this.#checkpoints.open();
    this.#step = restored?.step ?? 0;
    this.#begun = this.#step;
    this.#epoch = restored?.epoch ?? 0;
    this.#epochStartMs = this.#options.clock.monotonicMs();
    this.#options.events({
      type: 'runStarted',
      name,
      directory,
      ...this.#place(),
      ...(epochs === undefined ? {} : { epochs }),
      ...(rowsPerEpoch === undefined ? {} : { rowsPerEpoch }),
      heads: runner.program.heads.map((head) => head.name),
    });
    return restored?.stream;
  }

  #train(restored: StreamState | undefined): Promise<RunOutcome['outcome']> {
    return new Promise((resolve, reject) => {
      this.#finish = (outcome) => {
        this.#subscription?.unsubscribe();
        resolve(outcome);
      };
      const steps$ = this.#plan.batches$(restored).pipe(
        tap((batch) => this.#arrive(batch)),
        takeWhile(() => this.#begun < (this.#plan.steps ?? Number.POSITIVE_INFINITY), true),
        takeSteps(this.#plan.runner, { pause: (item) => this.#pause(item) }),
      );
      this.#subscription = steps$.subscribe({
        next: (item) => this.#report(item),
        error: reject,
        complete: () => resolve('finished'),
      });
    });
  }

  #arrive({ flow, rows, epochEnd }: StreamBatch): void {
    const isLast = this.#begun + 1 === this.#plan.steps;
    if ((!this.#flow && this.#isStopping) || isLast) flow.capture();
    this.#flow = flow;
    if (rows > 0) this.#begun++;
    if (rows > 0 || epochEnd !== undefined) this.#inFlight++;
  }

  #report(item: StepItem): void {
    const { clock, events } = this.#options;
    if ('epochEnd' in item) {
      this.#inFlight--;
      this.#epoch = item.epochEnd;
      if (this.#checkpoints.isDue(this.#place())) item.flow.capture();
      const durationMs = clock.monotonicMs() - this.#epochStartMs;
      this.#epochStartMs = clock.monotonicMs();
      const { received, pending, outcomes } = item.flow.counts();
      events({ type: 'epochEnded', ...this.#place(), counts: { received, pending, ...outcomes }, durationMs });
      return;
    }
    if (item.batch.epochEnd === undefined) this.#inFlight--;
    if ('step' in item) this.#step = item.step;
    events(eventOf(item));
    if (this.#checkpoints.isDue(this.#place()) || this.#dueBySteps().length > 0) item.batch.flow.capture();
    this.#stopIfIdle();
  }

  /** Nothing is under way, and nothing is begun before this has ended. */
  async #pause(item: StepItem): Promise<void> {
    const flow = 'batch' in item ? item.batch.flow : item.flow;
    const { state } = item;
    const ended = 'epochEnd' in item ? item.epochEnd : undefined;
    const isLast = this.#isStopping || this.#step === this.#plan.steps;
    if (state && (isLast || this.#checkpoints.isDue(this.#place()))) {
      const written = this.#checkpoints.write(flow, state, this.#place());
      if (isLast) await written;
    }
    const due = this.#dueBySteps();
    await this.#scoreAll(
      (evaluation) =>
        due.includes(evaluation) || (ended !== undefined && ended % (evaluation.everyEpochs ?? ended + 1) === 0),
    );
    if (this.#isStopping && state) this.#finish('stopped');
  }

  /** When nothing is under way there is no step to wait for: the stream's state is the one to go on from. */
  #stopIfIdle(): void {
    if (this.#isStopping && this.#inFlight === 0 && this.#flow) this.#finish('stopped');
  }

  #dueBySteps(): readonly EvaluationPlan[] {
    return this.#plan.evaluations.filter(
      (evaluation) =>
        evaluation.everySteps !== undefined &&
        this.#step - (this.#scored.get(evaluation) ?? 0) >= evaluation.everySteps,
    );
  }

  /** Scores the heads on sources that were not scored at this step yet. */
  async #scoreAll(isDue: (evaluation: EvaluationPlan) => boolean): Promise<void> {
    const { clock, events } = this.#options;
    for (const evaluation of this.#plan.evaluations) {
      if (!isDue(evaluation) || this.#scored.get(evaluation) === this.#step) continue;
      this.#scored.set(evaluation, this.#step);
      const { source, batchRows } = evaluation;
      const startMs = clock.monotonicMs();
      const { rows, heads } = await evaluateSource(this.#plan.runner, source, {
        signal: this.#controller.signal,
        ...(batchRows === undefined ? {} : { batchRows }),
      });
      const durationMs = clock.monotonicMs() - startMs;
      events({ type: 'headsEvaluated', source: source.name, ...this.#place(), rows, heads, durationMs });
    }
  }
}
