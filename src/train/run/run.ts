import { type Subscription, takeWhile, tap } from 'rxjs';
import type { FlowSnapshot } from '../../core/flow-snapshot.ts';
import { type RunSettings, type SettingsChange, type Steering, SteeringError } from '../../core/steering.ts';
import type { Flow } from '../../stream/flow.ts';
import type { StepItem, StreamBatch } from '../../stream/item.ts';
import type { StreamState } from '../../stream/state.ts';
import { takeSteps } from '../../stream/take-steps.ts';
import { RunCheckpoints } from './checkpoints.ts';
import { RunEvaluations } from './evaluations.ts';
import { epochEvent, eventOf, startedEvent } from './event.ts';
import { Guards } from './guards.ts';
import { Hold, type Standing } from './hold.ts';
import type { RunOptions, RunPlan } from './plan.ts';
import type { RunPlace } from './restore.ts';
import { setAll, settingsOf } from './set.ts';

/** How a run ended: all epochs were trained, or it was stopped and can go on. */
export interface RunOutcome extends RunPlace {
  readonly outcome: 'finished' | 'stopped';
}

/** Trains until the epochs are over or somebody stops it; scores heads and keeps checkpoints as planned. */
export class TrainingRun implements Steering {
  readonly #plan: RunPlan;
  readonly #options: RunOptions;
  readonly #checkpoints: RunCheckpoints;
  readonly #evaluations: RunEvaluations;
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
  isBegun = false;
  /** What the stream went on from. */
  #from: StreamState | undefined;
  readonly #hold = new Hold();
  #isStopping = false;
  readonly #guards: Guards;
  #finish: (outcome: RunOutcome['outcome']) => void = () => {};

  constructor(plan: RunPlan, options: RunOptions) {
    this.#plan = plan;
    this.#options = options;
    this.#checkpoints = new RunCheckpoints(plan, options);
    this.#guards = new Guards(plan, options.events, this.#checkpoints, (reason) => void this.#pause(reason, false));
    this.#evaluations = new RunEvaluations(plan, options);
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
      const outcome = await this.#train(restored).finally(() => this.#over());
      this.#evaluations.tellScores(this.#place());
      if (outcome === 'finished') await this.#evaluations.all(this.#place());
      // With batches that wait for their step the stream is further than the model: it was kept where it was held.
      if (this.#flow && this.#inFlight === 0)
        await this.#checkpoints.write(this.#flow, this.#flow.state(), this.#place());
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
    if (this.#isStopping) return;
    this.#isStopping = true;
    if (this.#hold.isStill) {
      void this.#keepHeld().then(() => this.#finish('stopped'));
      return;
    }
    this.#hold.release();
    this.#flow?.capture();
    this.#stopIfIdle();
  }

  /** Whether steps are under way. */
  get isWorking(): boolean {
    return this.#hold.cause ? this.#hold.isWorking : this.#inFlight > 0;
  }

  get step(): number {
    return this.#step;
  }

  get isPaused(): boolean {
    return this.#hold.isHeld;
  }

  /** What became of the rows so far, by flow; none before the first batch. */
  flows(): readonly FlowSnapshot[] {
    return this.#flow?.snapshots() ?? [];
  }

  async pause(reason: string): Promise<void> {
    await this.#pause(reason, true);
  }

  /** @param asked whether by somebody who can let the run go on */
  async #pause(reason: string, asked: boolean): Promise<void> {
    if (this.#isStopping) return;
    const held = this.#hold.want({ reason, asked });
    this.#flow?.capture();
    this.#holdIfIdle();
    await held;
  }

  continue(): void {
    if (this.#isStopping || !this.#hold.cause) return;
    const { isHeld } = this.#hold;
    this.#guards.reset();
    this.#hold.release();
    if (isHeld) this.#options.events({ type: 'runContinued', step: this.#step });
  }

  advance(steps: number): void {
    if (this.#isStopping || !this.#hold.isHeld)
      throw new SteeringError({ where: 'run', expected: 'one that is paused', found: 'one that is not' });
    this.#hold.allow(steps);
  }

  async checkpoint(): Promise<boolean> {
    if (this.#hold.isHeld && !this.isWorking && !this.#hold.standing)
      throw new SteeringError({
        where: 'run',
        expected: 'one that can be kept where it is paused',
        found: `one with ${this.#inFlight} batches read ahead`,
        hint: 'let it take some steps, or go on',
      });
    const written = this.#checkpoints.want(this.#place());
    this.#flow?.capture();
    this.#keepIfIdle();
    return written;
  }

  settings(): RunSettings {
    return settingsOf(this.#plan.runner);
  }

  set({ heads, branches }: SettingsChange): void {
    setAll(this.#plan.runner, { heads, branches });
    this.#checkpoints.changed();
    this.#options.events({ type: 'settingsChanged', step: this.#step, heads, branches });
  }

  /** No step is taken any more. */
  #over(): void {
    this.#isStopping = true;
    this.#hold.release();
  }

  #place(): RunPlace {
    return { step: this.#step, epoch: this.#epoch };
  }

  async #begin(): Promise<StreamState | undefined> {
    const restored = await this.#checkpoints.open();
    this.#step = restored?.step ?? 0;
    this.#begun = this.#step;
    this.#evaluations.begin(this.#step);
    this.#epoch = restored?.epoch ?? 0;
    this.#epochStartMs = this.#options.clock.monotonicMs();
    this.#options.events(startedEvent(this.#plan, this.#place()));
    return restored?.stream;
  }

  #train(restored: StreamState | undefined): Promise<RunOutcome['outcome']> {
    return new Promise((resolve, reject) => {
      this.#finish = (outcome) => {
        this.#subscription?.unsubscribe();
        resolve(outcome);
      };
      this.isBegun = true;
      // What the stream still holds of a later epoch is for a run that may go on.
      if (this.#isAtEnd()) {
        resolve('finished');
        return;
      }
      this.#from = restored;
      this.#holdIfIdle();
      const steps$ = this.#plan.batches$(restored).pipe(
        tap((batch) => this.#arrive(batch)),
        takeWhile(() => this.#begun < (this.#plan.steps ?? Number.POSITIVE_INFINITY), true),
        takeSteps(this.#plan.runner, {
          pause: (item) => this.#between(item),
          mayBegin: () => this.#hold.passed(),
          ended: this.#guards.ended,
        }),
      );
      this.#subscription = steps$.subscribe({
        next: (item) => this.#report(item),
        error: reject,
        complete: () => resolve('finished'),
      });
    });
  }

  /** Whether it was trained for as long as it may before it began. */
  #isAtEnd(): boolean {
    const { epochs = Number.POSITIVE_INFINITY, steps = Number.POSITIVE_INFINITY } = this.#plan;
    return this.#epoch >= epochs || this.#step >= steps;
  }

  #arrive({ flow, rows, epochEnd }: StreamBatch): void {
    if (rows > 0) this.#begun++;
    if (rows > 0 || epochEnd !== undefined) this.#inFlight++;
    // What the run goes on from comes with its last batch: it is asked for with the one before.
    const isNextLast = this.#begun + 1 === this.#plan.steps;
    const isHeldUp = this.#isStopping ? !this.#flow : this.#hold.cause !== undefined;
    if (isHeldUp || isNextLast) flow.capture();
    if (this.#hold.isHeld && !this.#flow && this.#from) this.#hold.standing = { flow, state: this.#from };
    this.#flow = flow;
  }

  #report(item: StepItem): void {
    this.#plan.onStep?.(item);
    const { clock, events } = this.#options;
    if ('epochEnd' in item) {
      this.#inFlight--;
      this.#epoch = item.epochEnd;
      if (this.#checkpoints.isDue(this.#place())) item.flow.capture();
      this.#evaluations.tellScores(this.#place());
      events(epochEvent(item.flow, this.#place(), clock.monotonicMs() - this.#epochStartMs));
      this.#epochStartMs = clock.monotonicMs();
      this.#keepIfIdle();
      return;
    }
    if (item.batch.epochEnd === undefined) this.#inFlight--;
    if ('step' in item) this.#step = item.step;
    this.#hold.ended();
    events(eventOf(item));
    // Steps that were let through are counted as they are taken.
    if ('skipped' in item && this.#hold.isHeld) this.#hold.allow(1);
    this.#guards.look(item);
    if ('prequential' in item && item.prequential) this.#evaluations.tellScores(this.#place(), item.prequential);
    if (this.#checkpoints.isDue(this.#place()) || this.#evaluations.isDue(this.#step)) item.batch.flow.capture();
    this.#stopIfIdle();
    this.#keepIfIdle();
    this.#holdIfIdle();
  }

  /** Nothing is under way, and nothing is begun before this has ended. */
  async #between(item: StepItem): Promise<void> {
    const flow = 'batch' in item ? item.batch.flow : item.flow;
    const { state } = item;
    if (this.#hold.isHeld) this.#stand(state && { flow, state });
    await this.#evaluations.due(this.#place(), 'epochEnd' in item ? item.epochEnd : undefined);
    const isLast = this.#isStopping || this.#step === this.#plan.steps;
    if (state && (isLast || this.#checkpoints.isDue(this.#place()))) {
      const written = this.#checkpoints.write(flow, state, this.#place());
      if (isLast) await written;
    }
    if (this.#isStopping && state) this.#finish('stopped');
  }

  /** When steps are held up and nothing is under way any more, the run is paused. */
  #holdIfIdle(): void {
    const { cause, isHeld, isWorking } = this.#hold;
    if (!this.isBegun || !cause || isHeld || isWorking) return;
    this.#hold.hold();
    this.#stand(undefined);
    this.#options.events({ type: 'runPaused', step: this.#step, ...cause });
  }

  /** Nothing is under way, and steps are held up. */
  #stand(carried: Standing | undefined): void {
    const flow = this.#flow;
    if (carried) this.#hold.standing = carried;
    else if (flow && this.#inFlight === 0) this.#hold.standing = { flow, state: flow.state() };
    // Those that are let through say where they lead.
    flow?.capture();
  }

  /** Keeps the run where it is held. */
  async #keepHeld(): Promise<void> {
    const { standing } = this.#hold;
    if (standing) await this.#checkpoints.write(standing.flow, standing.state, this.#place());
  }

  /** When nothing is under way, a checkpoint that was asked for need not wait for a step. */
  #keepIfIdle(): void {
    if (!this.#checkpoints.isWanted) return;
    if (this.#hold.standing) void this.#keepHeld();
    else if (this.#inFlight === 0 && this.#flow)
      void this.#checkpoints.write(this.#flow, this.#flow.state(), this.#place());
  }

  /** When nothing is under way there is no step to wait for: the stream's state is the one to go on from. */
  #stopIfIdle(): void {
    if (this.#isStopping && this.#inFlight === 0 && this.#flow) this.#finish('stopped');
  }
}
