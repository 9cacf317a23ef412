import { type Clock, systemClock } from '../core/clock.ts';
import { ConfigError } from '../core/error.ts';
import { ignoreEvents, type TrunklineEvent } from '../core/event.ts';
import type { ReloadOutcome } from '../core/steering.ts';
import { trunklineBackend } from '../engine/backend.ts';
import { AddressInUse } from '../http/address-in-use.ts';
import { forgetModel } from '../model/index.ts';
import { assemble } from '../pipeline/assemble.ts';
import { type LoadedPipeline, loadPipeline } from '../pipeline/load.ts';
import { withMadeHeads } from '../pipeline/model/made.ts';
import { RunFolder } from '../pipeline/run/folder.ts';
import { findLastRun } from '../pipeline/run/last.ts';
import { FolderInUse } from '../pipeline/run/lock.ts';
import { train } from '../pipeline/run/train.ts';
import { folderOf } from '../pipeline/run/trained.ts';
import { type Watch, watch } from '../pipeline/run/watch.ts';
import { StepWindow } from '../report/window.ts';
import type { Resumption } from '../train/run/restore.ts';
import type { TrainingRun } from '../train/run/run.ts';
import { changesOf, isOfLogAlone } from './changes.ts';
import type { Order, Told } from './message.ts';

/** Time between two signs of life. */
const pulseMs = 1000;

/**
 * The process of one pipeline, from the side of the process: trains it, follows the supervisor's orders, and tells how it
 * goes. It ends with the supervisor, wherever it is: what was not kept is trained again by the next one.
 */
export class PipelineProcess {
  readonly #file: string;
  readonly #resume: Resumption;
  readonly #restarts: number;
  readonly #tell: (told: Told) => void;
  readonly #clock: Clock;
  #loaded: LoadedPipeline | undefined;
  #watch: Watch | undefined;
  #run: TrainingRun | undefined;
  #stop = new AbortController();
  /** Whether the next run begins as the one before was: paused. */
  #staysPaused = false;
  #next: LoadedPipeline | undefined;
  /** Heads that were made from the template. */
  #made: readonly string[] = [];
  #step = 0;
  readonly #window = new StepWindow();
  #lastStepMs = performance.now();

  /**
   * @param restarts how often the pipeline was started again before
   * @param clock where time comes from; the system's when left out
   */
  constructor(file: string, resume: Resumption, restarts: number, tell: (told: Told) => void, clock = systemClock) {
    this.#file = file;
    this.#resume = resume;
    this.#restarts = restarts;
    this.#tell = tell;
    this.#clock = clock;
  }

  /** Trains until the end, a stop or a failure. */
  async run(): Promise<void> {
    trunklineBackend();
    const pulse = setInterval(() => this.#pulse(), pulseMs);
    try {
      let loaded = await loadPipeline(this.#file);
      this.#watch = await watch(loaded, {
        clock: this.#clock,
        events: (event) => this.#event(event),
        restarts: this.#restarts,
      });
      let resume = this.#resume;
      for (;;) {
        const outcome = await this.#train(loaded, resume);
        const next = this.#next;
        if (outcome === 'finished' || !next) return this.#tell({ type: 'ended', outcome });
        this.#next = undefined;
        this.#stop = new AbortController();
        loaded = next;
        resume = 'reloaded';
      }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#tell({ type: 'failed', message, isFinal: isFinal(error) });
    } finally {
      await this.#watch?.close();
      clearInterval(pulse);
    }
  }

  async follow(order: Order): Promise<void> {
    switch (order.type) {
      case 'stop':
        this.#next = undefined;
        this.#stop.abort();
        break;
      case 'checkpoint':
        await this.#run?.checkpoint();
        break;
      case 'reload':
        await this.reload(true);
    }
  }

  async #train(loaded: LoadedPipeline, resume: Resumption): Promise<'finished' | 'stopped'> {
    this.#loaded = loaded;
    this.#tell({ type: 'logLevel', level: loaded.config.log.level });
    const watched = this.#watch as Watch;
    const { outcome } = await train(loaded, {
      mode: 'continue',
      resume,
      clock: this.#clock,
      events: watched.events,
      stop: this.#stop.signal,
      onRun: (run, made) => {
        this.#run = run;
        this.#made = made;
        watched.begin(run, loaded);
        if (this.#staysPaused) void run.pause('as before the reload');
        this.#staysPaused = false;
      },
      reload: () => this.reload(false),
    });
    return outcome;
  }

  /**
   * Takes over what changed in the pipeline file, and says what became of it.
   * @param continues whether a run that is paused goes on
   */
  async reload(continues: boolean): Promise<ReloadOutcome> {
    const outcome = await this.#reload(continues);
    this.#watch?.telemetry.event({ type: 'reloadEnded', result: outcome.result });
    this.#tell({ type: 'reloaded', outcome });
    return outcome;
  }

  async #reload(continues: boolean): Promise<ReloadOutcome> {
    const now = this.#loaded;
    try {
      const next = await loadPipeline(this.#file);
      const [before, after] = [now, next].map((one) => one && withMadeHeads(one, this.#made));
      const outcome = before && after ? changesOf(before, after) : ({ result: 'same' } as const);
      if (outcome.result === 'applied' && isOfLogAlone(outcome)) {
        this.#loaded = next;
        this.#tell({ type: 'logLevel', level: next.config.log.level });
      } else if (outcome.result === 'applied') {
        await checkAssembly(next);
        this.#next = next;
        this.#staysPaused = !continues && this.#run?.isPaused === true;
        this.#stop.abort();
      }
      if (outcome.result === 'same' && continues) this.#run?.continue();
      return outcome;
    } catch (error) {
      return { result: 'invalid', message: error instanceof Error ? error.message : String(error) };
    }
  }

  #event(event: TrunklineEvent): void {
    if (event.type === 'stepTaken') {
      this.#step = event.step;
      this.#window.add(event);
    } else if (event.type === 'runStarted') this.#step = event.step;
    if (event.type !== 'stepTaken' && event.type !== 'stepSkipped') this.#tell({ type: 'event', event });
    if (event.type === 'stepTaken' || event.type === 'stepSkipped') this.#lastStepMs = performance.now();
  }

  #pulse(): void {
    if (!this.#run?.isWorking) this.#lastStepMs = performance.now();
    const { steps, rows, loss } = this.#window.take();
    const mean = loss === undefined ? {} : { loss };
    const underWayMs = performance.now() - this.#lastStepMs;
    this.#tell({ type: 'pulse', step: this.#step, steps, rows, ...mean, underWayMs });
  }
}

/** @throws TrunklineError when a pipeline can't be put together */
async function checkAssembly(loaded: LoadedPipeline): Promise<void> {
  const before = await findLastRun(new RunFolder(folderOf(loaded)), ignoreEvents);
  const whole = withMadeHeads(loaded, before?.made ?? []);
  const { model } = await assemble(whole, before ? { fitted: before.fitted } : {});
  forgetModel(model);
}

/** Whether another try would end alike: what another process still holds may be free by then. */
const isFinal = (error: unknown): boolean =>
  error instanceof ConfigError && !(error instanceof FolderInUse) && !(error instanceof AddressInUse);
