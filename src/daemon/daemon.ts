import type { Clock } from '../core/clock.ts';
import { ConfigError } from '../core/error.ts';
import type { TrunklineEvent } from '../core/event.ts';
import type { LogLevel } from '../core/log-level.ts';
import type { ReloadOutcome } from '../core/steering.ts';
import { type LoadedPipeline, loadPipeline } from '../pipeline/load.ts';
import { folderOf } from '../pipeline/run/trained.ts';
import type { Resumption } from '../train/run/restore.ts';
import type { Pulse } from './message.ts';
import { type Patience, type PipelineStatus, SupervisedPipeline } from './supervised.ts';

export interface DaemonOptions {
  readonly clock: Clock;
  /** How the runs go on from their checkpoints at first. */
  readonly resume?: Resumption;
  readonly patience?: Patience;
  /** How long pipelines may take to stop before they are ended. */
  readonly stopMs?: number;
  /** Told of what happens in a pipeline, by its name. */
  readonly onEvent?: (name: string, event: TrunklineEvent) => void;
  readonly onPulse?: (name: string, pulse: Pulse) => void;
  readonly onReload?: (name: string, outcome: ReloadOutcome) => void;
  readonly onStatus?: (name: string, status: PipelineStatus) => void;
  readonly onLogLevel?: (name: string, level: LogLevel) => void;
}

const patience: Patience = { pulseMs: 120_000, stepMs: 600_000 };
const backOff = { firstMs: 1000, mostMs: 300_000, settledMs: 600_000 };
const stopMs = 30_000;
const nothing = (): void => {};

/** Several pipelines, each in a process of its own: what happens to one does not touch the others. */
export class Daemon {
  readonly #options: DaemonOptions;
  readonly #pipelines = new Map<string, SupervisedPipeline>();
  readonly #running = new Set<Promise<void>>();

  private constructor(files: readonly LoadedPipeline[], options: DaemonOptions) {
    this.#options = options;
    const { clock, resume = 'reloaded', onEvent = nothing, onPulse = nothing } = options;
    const { onReload = nothing, onStatus = nothing, onLogLevel = nothing } = options;
    for (const { file, config } of files)
      this.#pipelines.set(
        config.name,
        new SupervisedPipeline({
          file,
          clock,
          resume,
          backOff,
          patience: options.patience ?? patience,
          onEvent: (event) => onEvent(config.name, event),
          onPulse: (pulse) => onPulse(config.name, pulse),
          onReload: (outcome) => onReload(config.name, outcome),
          onStatus: (status) => onStatus(config.name, status),
          onLogLevel: (level) => onLogLevel(config.name, level),
        }),
      );
  }

  /** @throws ConfigError when a pipeline file is wrong, or two have one name or one run folder */
  static async open(files: readonly string[], options: DaemonOptions): Promise<Daemon> {
    const loaded: LoadedPipeline[] = [];
    for (const file of files) {
      const next = await loadPipeline(file);
      const other = loaded.find((one) => one.config.name === next.config.name || folderOf(one) === folderOf(next));
      if (other)
        throw new ConfigError({
          where: file,
          expected: 'a name and a run folder of its own',
          found: `those of ${other.file}`,
          hint: 'give it another name, and another checkpoint.directory if it has one',
        });
      loaded.push(next);
    }
    return new Daemon(loaded, options);
  }

  get status(): ReadonlyMap<string, PipelineStatus> {
    return new Map([...this.#pipelines].map(([name, { status }]) => [name, status]));
  }

  /** Runs until every pipeline has come to its end, was stopped, or is refused. */
  async run(): Promise<void> {
    for (const pipeline of this.#pipelines.values()) this.#begin(pipeline);
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #begin(pipeline: SupervisedPipeline): void {
    const running = pipeline.run().finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Ends all pipelines after the steps under way, with checkpoints; those that take too long, at once. */
  async stop(): Promise<void> {
    for (const pipeline of this.#pipelines.values()) pipeline.stop();
    await this.#options.clock.sleep(this.#options.stopMs ?? stopMs);
    this.kill();
  }

  /** Ends all pipelines at once: they go on from their last checkpoints. */
  kill(): void {
    for (const pipeline of this.#pipelines.values()) pipeline.kill();
  }

  /** Lets pipelines take over what changed in their files. Those that are paused go on; those that are refused try again. */
  reload(): void {
    for (const pipeline of this.#pipelines.values())
      if (pipeline.status.state === 'refused') this.#begin(pipeline);
      else pipeline.order({ type: 'reload' });
  }

  /** Lets pipelines write checkpoints as soon as they can. */
  checkpoint(): void {
    for (const pipeline of this.#pipelines.values()) pipeline.order({ type: 'checkpoint' });
  }
}
