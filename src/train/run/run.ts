import { type Subscription, tap } from 'rxjs';
import type { FlowSnapshot } from '../../core/flow-snapshot.ts';
import { type RunSettings, type SettingsChange, type Steering, SteeringError } from '../../core/steering.ts';
import type { Flow } from '../../stream/flow.ts';
import type { StepItem } from '../../stream/item.ts';
import type { StreamState } from '../../stream/state.ts';
import { takeSteps } from '../../stream/take-steps.ts';
import { RunCheckpoints } from './checkpoints.ts';
import { RunEvaluations } from './evaluations.ts';
import { epochEvent, eventOf, startedEvent } from './event.ts';
import { Guards } from './guards.ts';
import { Hold } from './hold.ts';
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
  #step = 0;
  /** Epochs that ended. */
  #epoch = 0;
  #epochStartMs = 0;
  isBegun = false;
  readonly #hold = new Hold();
  #isStopping = false;
  /** What comes between two steps, and the beginning of each: one after the other. */
  #turn: Promise<void> = Promise.resolve();
  /** Told when no step is under way. */
  #idle: (() => void) | undefined;
  #isBetween = false;
  readonly #guards: Guards;
  #finish: (outcome: RunOutcome['outcome']) => void = () => {};

  constructor(plan: RunPlan, options: RunOptions) {
    this.#plan = plan;
    this.#options = options;
    this.#evaluations = new RunEvaluations(plan, options);
    this.#checkpoints = new RunCheckpoints(plan, options, this.#evaluations);
    this.#guards = new Guards(plan, options.events, this.#checkpoints, (reason) => void this.#pause(reason, false));
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
      if (this.#flow) await this.#checkpoints.write(this.#flow, this.#place());
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
    } finally {
      this.#subscription?.unsubscribe();
    }
  }

  /** Ends the run after the steps under way, with a checkpoint to go on from. */
  stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#hold.end();
    this.#endIfIdle();
  }

  /** Whether steps are under way. */
  get isWorking(): boolean {
    return this.#hold.working > 0;
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

  checkpoint(): Promise<boolean> {
    const written = this.#checkpoints.want(this.#place());
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
    this.#hold.end();
  }

  #place(): RunPlace {
    return { step: this.#step, epoch: this.#epoch };
  }

  async #begin(): Promise<StreamState | undefined> {
    const restored = await this.#checkpoints.open();
    this.#step = restored?.step ?? 0;
    this.#evaluations.begin(this.#step, restored?.scored);
    this.#epoch = restored?.epoch ?? 0;
    this.#epochStartMs = this.#options.clock.monotonicMs();
    this.#options.events(startedEvent(this.#plan, this.#place()));
    return restored?.stream;
  }

  #train(restored: StreamState | undefined): Promise<RunOutcome['outcome']> {
    return new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.isBegun = true;
      // What the stream still holds of a later epoch is for a run that may go on.
      if (this.#isAtEnd()) {
        resolve('finished');
        return;
      }
      this.#holdIfIdle();
      const steps$ = this.#plan.batches$(restored).pipe(
        tap(({ flow }) => this.#arrive(flow)),
        takeSteps(this.#plan.runner, {
          pause: ({ epochEnd }) => this.#inTurn(() => this.#between(epochEnd)),
          mayBegin: () => this.#inTurn(() => this.#beforeStep()),
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
    return this.#epoch >= (this.#plan.epochs ?? Number.POSITIVE_INFINITY) || this.#isLast(this.#step);
  }

  #arrive(flow: Flow): void {
    if (this.#flow) return;
    this.#flow = flow;
    this.#keepIfIdle();
    this.#endIfIdle();
  }

  /** What is due after the steps under way comes before the next, so that it is of a step that does not depend on timing. */
  async #beforeStep(): Promise<void> {
    while (this.#isDueAfter(this.#step + this.#hold.working)) {
      await this.#untilIdle();
      if (this.#isDueAfter(this.#step)) await this.#between();
      if (this.#isLast(this.#step)) break;
    }
    await this.#hold.passed();
  }

  #isDueAfter(step: number): boolean {
    const place = { ...this.#place(), step };
    return this.#isLast(step) || this.#checkpoints.isDue(place) || this.#evaluations.isDue(step);
  }

  #isLast(step: number): boolean {
    return step >= (this.#plan.steps ?? Number.POSITIVE_INFINITY);
  }

  async #untilIdle(): Promise<void> {
    if (this.#hold.working > 0)
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => {});
    return done;
  }

  #report(item: StepItem): void {
    this.#plan.onStep?.(item);
    const { clock, events } = this.#options;
    if ('epochEnd' in item) {
      this.#epoch = item.epochEnd;
      this.#evaluations.tellScores(this.#place());
      events(epochEvent(item.flow, this.#place(), clock.monotonicMs() - this.#epochStartMs));
      this.#epochStartMs = clock.monotonicMs();
      return;
    }
    if ('step' in item) this.#step = item.step;
    this.#hold.ended();
    events(eventOf(item));
    // Steps that were let through are counted as they are taken.
    if ('skipped' in item && this.#hold.isHeld) this.#hold.allow(1);
    this.#guards.look(item);
    if ('prequential' in item && item.prequential) this.#evaluations.tellScores(this.#place(), item.prequential);
    this.#keepIfIdle();
    this.#holdIfIdle();
    this.#endIfIdle();
    if (this.#hold.working > 0) return;
    this.#idle?.();
    this.#idle = undefined;
  }

  /** Nothing is under way, and nothing is begun before this has ended. */
  async #between(epochEnd?: number): Promise<void> {
    this.#isBetween = true;
    try {
      await this.#evaluations.due(this.#place(), epochEnd);
    } finally {
      this.#isBetween = false;
    }
    this.#keepIfIdle();
    this.#endIfIdle();
  }

  /** When steps are held up and nothing is under way any more, the run is paused. */
  #holdIfIdle(): void {
    const { cause, isHeld, working } = this.#hold;
    if (!this.isBegun || !cause || isHeld || working > 0) return;
    this.#hold.hold();
    this.#options.events({ type: 'runPaused', step: this.#step, ...cause });
  }

  /** When nothing is under way, a checkpoint need not wait for the next step; unless somebody asks for it, what is due comes before it. */
  #keepIfIdle(): void {
    if (!this.#flow || this.#hold.working > 0) return;
    if (!this.#checkpoints.isWanted && (this.#isBetween || this.#evaluations.isDue(this.#step))) return;
    if (this.#checkpoints.isDue(this.#place())) void this.#checkpoints.write(this.#flow, this.#place());
  }

  /** When nothing is under way, there is no step to wait for. */
  #endIfIdle(): void {
    const isLast = this.#isLast(this.#step);
    if (!this.#flow || this.#hold.working > 0 || this.#isBetween || !(isLast || this.#isStopping)) return;
    this.#hold.end();
    this.#finish(isLast ? 'finished' : 'stopped');
  }
}
