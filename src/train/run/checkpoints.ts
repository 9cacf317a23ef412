import { type OptimizerType, optimizerKernels } from '../../engine/kernel/index.ts';
import { encodeState } from '../../stream/encode.ts';
import type { Flow } from '../../stream/flow.ts';
import { CheckpointStore } from '../checkpoint/store.ts';
import { parametersOf } from '../state-tensors.ts';
import { Coverage } from './covered.ts';
import type { RunEvaluations } from './evaluations.ts';
import type { Kept } from './going-back.ts';
import type { RunOptions, RunPlan } from './plan.ts';
import { choicesOf, type Restored, type RunPlace, restoreRun } from './restore.ts';

/** Each has copies of its own: one is written, and one waits for it; then none is due until the disk has taken one. */
const mostUnwritten = 2;

/** The checkpoints of a run: when they are due, what they hold, how the run goes on from one. */
export class RunCheckpoints {
  readonly #plan: RunPlan;
  readonly #options: RunOptions;
  readonly #evaluations: RunEvaluations;
  readonly #store: CheckpointStore;
  readonly #coverage: Coverage;
  /** When the newest was written. */
  #last = { step: 0, epoch: 0, atMs: 0 };
  /** Whether there is more to keep than the last step: heads were set otherwise after it. */
  #isStale = false;
  /** Those who asked for one. */
  #wanting: ((isWritten: boolean) => void)[] = [];
  #isClosed = false;
  /** Whether the last one that was begun is written. */
  #written: Promise<boolean> = Promise.resolve(true);
  /** How many have been begun and are not written. */
  #unwritten = 0;

  constructor(plan: RunPlan, options: RunOptions, evaluations: RunEvaluations) {
    this.#evaluations = evaluations;
    this.#plan = plan;
    this.#options = options;
    const { directory, keep, keepEvery } = plan.checkpoint;
    const retention = { keep, ...(keepEvery === undefined ? {} : { keepEvery }) };
    this.#store = new CheckpointStore({ directory, ...retention, events: options.events });
    this.#coverage = new Coverage(keep);
  }

  /**
   * Takes over the newest checkpoint, when the run is to go on.
   * @throws ConfigError when there is none, or it is of another run
   */
  async open(): Promise<Restored | undefined> {
    await this.#store.clear();
    void this.#store.prepare(stateBytes(this.#plan.runner));
    this.#last = { step: 0, epoch: 0, atMs: this.#options.clock.monotonicMs() };
    const { resume, events } = this.#options;
    if (resume === undefined) return undefined;
    const restored = await restoreRun(this.#store, this.#plan, resume, events);
    await this.#plan.onRestored?.(restored);
    this.#last = { ...this.#last, step: restored.step, epoch: restored.epoch };
    if (restored.stream) this.#coverage.add(restored.step, restored.stream);
    return restored;
  }

  /** Asks for a checkpoint as soon as there can be one. Resolves with whether the run is kept as it is now, or later. */
  want({ step }: RunPlace): Promise<boolean> {
    if (this.#isClosed || !this.#hasNews(step)) return this.#written;
    return new Promise((resolve) => this.#wanting.push(resolve));
  }

  get isWanted(): boolean {
    return this.#wanting.length > 0;
  }

  /** Something else than a step has changed what the run goes on from. */
  changed(): void {
    this.#isStale = true;
  }

  #hasNews(step: number): boolean {
    return step !== this.#last.step || this.#isStale;
  }

  isDue({ step, epoch }: RunPlace): boolean {
    const { everyEpochs, everySteps, everyMs } = this.#plan.checkpoint;
    if (!this.#hasNews(step)) return false;
    if (this.isWanted) return true;
    if (step === this.#last.step || this.#unwritten >= mostUnwritten) return false;
    if (everyEpochs !== undefined && epoch - this.#last.epoch >= everyEpochs) return true;
    if (everySteps !== undefined && step - this.#last.step >= everySteps) return true;
    return everyMs !== undefined && this.#options.clock.monotonicMs() - this.#last.atMs >= everyMs;
  }

  /**
   * Keeps the run as of a step, unless that was done. What may change is copied before this first gives way. A
   * checkpoint that can't be written is told of, and the run goes on: the ones before it stay.
   * @param place where the run is; no step is under way
   * @returns whether it is kept
   */
  write(flow: Flow, place: RunPlace): Promise<boolean> {
    const told = this.#wanting.splice(0);
    if (this.#hasNews(place.step)) this.#written = this.#write(flow, place);
    for (const tell of told) void this.#written.then(tell);
    return this.#written;
  }

  async #write(flow: Flow, { step, epoch }: RunPlace): Promise<boolean> {
    this.#isStale = false;
    this.#last = { step, epoch, atMs: this.#options.clock.monotonicMs() };
    const { runner, identity, fitted, made = [], plateaus } = this.#plan;
    const state = flow.state();
    const stream = () => encodeState(state);
    const scored = this.#evaluations.state();
    const heads = choicesOf(this.#plan);
    const run = { epoch, identity, heads, fitted, made, plateaus: plateaus?.state() ?? {}, scored };
    this.#coverage.add(step, state);
    this.#unwritten++;
    try {
      const ready = Promise.all([flow.durable(), this.#plan.flush?.()]);
      await this.#store.write({ step, model: runner.state(), stream, run }, runner.spec, ready);
      await this.#forget(flow);
      return true;
    } catch (error) {
      // So that it is tried again when somebody asks for it.
      this.#isStale = true;
      const message = error instanceof Error ? error.message : String(error);
      this.#options.events({ type: 'checkpointFailed', step, message });
      return false;
    } finally {
      this.#unwritten--;
    }
  }

  /** Lets go of what no checkpoint may go back to. What can't be forgotten is kept longer: the checkpoint is there all the same. */
  async #forget(flow: Flow): Promise<void> {
    try {
      const places = this.#coverage.oldest(await this.#store.steps());
      if (!places) return;
      await this.#plan.covered?.(places);
      await flow.covered(places);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#options.events({ type: 'forgettingFailed', source: flow.name, message });
    }
  }

  /** What the model had learned by the newest checkpoint, when everything that was begun is written; undefined when there is none. */
  async newest(): Promise<Kept | undefined> {
    await this.#store.close();
    return this.#store.newest(this.#plan.runner.spec);
  }

  /** Resolves when everything was written. Those who asked for what there was no place for are told so. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#store.close();
    for (const tell of this.#wanting.splice(0)) tell(false);
  }
}

/** Bytes of a model's parameters and their slots. */
function stateBytes({ spec, optimizer }: RunPlan['runner']): number {
  const slots = optimizerKernels[optimizer as OptimizerType].slots.length;
  const values = parametersOf(spec).reduce((sum, { variable }) => sum + variable.size, 0);
  return (1 + slots) * values * Float32Array.BYTES_PER_ELEMENT;
}
