import { z } from 'zod';
import type { Json } from '../../core/chunk.ts';
import { parseConfig } from '../../core/config.ts';
import { ConfigError } from '../../core/error.ts';
import { decodeState, encodeState } from '../../stream/encode.ts';
import type { Flow } from '../../stream/flow.ts';
import type { StreamState } from '../../stream/state.ts';
import { CheckpointStore } from '../checkpoint/store.ts';
import { differencesOf } from './identity.ts';
import type { RunPlan } from './plan.ts';
import type { RunOptions } from './run.ts';

/** How far a run has got. */
export interface RunPlace {
  /** Steps taken. */
  readonly step: number;
  /** Epochs that ended. */
  readonly epoch: number;
}

/** What a run goes on from. */
export interface Restored extends RunPlace {
  readonly stream: StreamState;
}

/** What a run remembers besides its model and stream. */
export const runSchema = z.strictObject({ epoch: z.number(), identity: z.custom<Json>(), fitted: z.custom<Json>() });

/** The checkpoints of a run: when they are due, what they hold, how the run goes on from one. */
export class RunCheckpoints {
  readonly #plan: RunPlan;
  readonly #options: RunOptions;
  readonly #store: CheckpointStore;
  /** When the newest was written. */
  #last = { step: 0, epoch: 0, atMs: 0 };

  constructor(plan: RunPlan, options: RunOptions) {
    this.#plan = plan;
    this.#options = options;
    const { directory, keep } = plan.checkpoint;
    this.#store = new CheckpointStore({ directory, keep, events: options.events });
  }

  /**
   * Takes over the newest checkpoint, when the run is to go on.
   * @throws ConfigError when there is none, or it is of another run
   */
  async open(): Promise<Restored | undefined> {
    await this.#store.clear();
    this.#last = { step: 0, epoch: 0, atMs: this.#options.clock.monotonicMs() };
    if (!this.#options.resume) return undefined;
    const { runner, identity, checkpoint: plan } = this.#plan;
    const found = await this.#store.newest(runner.spec);
    if (!found)
      throw new ConfigError({
        where: plan.directory,
        expected: 'a checkpoint to go on from',
        found: 'none',
        hint: 'begin the run without resuming',
      });
    const run = parseConfig(runSchema, found.run, `checkpoint of step ${found.step}`);
    const issues = differencesOf(identity, run.identity, '');
    if (issues.length > 0) throw new ConfigError(issues);
    runner.restore(found.model);
    this.#last = { ...this.#last, step: found.step, epoch: run.epoch };
    return { step: found.step, epoch: run.epoch, stream: decodeState(found.stream) };
  }

  isDue({ step, epoch }: RunPlace): boolean {
    const { everyEpochs, everySteps, everyMs } = this.#plan.checkpoint;
    if (step === this.#last.step) return false;
    if (everyEpochs !== undefined && epoch - this.#last.epoch >= everyEpochs) return true;
    if (everySteps !== undefined && step - this.#last.step >= everySteps) return true;
    return everyMs !== undefined && this.#options.clock.monotonicMs() - this.#last.atMs >= everyMs;
  }

  /**
   * Keeps the run as of a step, unless that was done. What may change is copied before this first gives way. A
   * checkpoint that can't be written is told of, and the run goes on: the ones before it stay.
   * @param state of the stream after the step's batch
   */
  async write(flow: Flow, state: StreamState, { step, epoch }: RunPlace): Promise<void> {
    if (step === this.#last.step) return;
    this.#last = { step, epoch, atMs: this.#options.clock.monotonicMs() };
    const { runner, identity, fitted } = this.#plan;
    const stream = encodeState(flow.completed(state));
    const run = { epoch, identity, fitted };
    try {
      await this.#store.write({ step, model: runner.state(), stream, run }, runner.spec);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#options.events({ type: 'checkpointFailed', step, message });
    }
  }

  /** Resolves when everything was written. */
  close(): Promise<void> {
    return this.#store.close();
  }
}
