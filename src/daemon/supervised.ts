import { type ChildProcess, fork } from 'node:child_process';
import type { Clock } from '../core/clock.ts';
import type { TrunklineEvent } from '../core/event.ts';
import type { LogLevel } from '../core/log-level.ts';
import type { ReloadOutcome } from '../core/steering.ts';
import type { Resumption } from '../train/run/restore.ts';
import { BackOff, type BackOffOptions } from './back-off.ts';
import type { Order, Pulse, Told } from './message.ts';

/** How long a process may be silent, and a step under way, before it is held to hang. */
export interface Patience {
  readonly pulseMs: number;
  readonly stepMs: number;
}

/** Why a process ended that should not have. */
export interface Failure {
  /** ISO 8601. */
  readonly time: string;
  readonly reason: string;
}

/** What is known of a pipeline. */
export interface PipelineStatus {
  readonly file: string;
  /**
   * `waiting` before another try, `refused` when that would be of no use until the file is another; `ended` when it was
   * trained to its end, or stopped.
   */
  readonly state: 'starting' | 'training' | 'paused' | 'waiting' | 'refused' | 'ended';
  readonly pid?: number;
  readonly step: number;
  /** Failures in all, and the last one. */
  readonly failures: number;
  readonly lastFailure?: Failure;
}

export interface SupervisedOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly resume: Resumption;
  readonly backOff: BackOffOptions;
  readonly patience: Patience;
  /** Told of what happens in the pipeline, of its pulse and of every change of its status. */
  readonly onEvent: (event: TrunklineEvent) => void;
  readonly onPulse: (pulse: Pulse) => void;
  readonly onReload: (outcome: ReloadOutcome) => void;
  readonly onLogLevel: (level: LogLevel) => void;
  readonly onStatus: (status: PipelineStatus) => void;
}

type LastTold = Extract<Told, { readonly type: 'ended' | 'failed' }>;

const fromSource = import.meta.url.endsWith('.ts');
const entry = new URL(`./entry.${fromSource ? 'ts' : 'js'}`, import.meta.url);
const loader = fromSource ? ['--import', new URL('../../scripts/typescript.js', import.meta.url).href] : [];

/** A pipeline in a process of its own, which is started again when it fails or hangs. */
export class SupervisedPipeline {
  readonly #options: SupervisedOptions;
  readonly #backOff: BackOff;
  #status: PipelineStatus;
  #child: ChildProcess | undefined;
  #isStopping = false;
  /** Ends the wait before the next try. */
  #wake = new AbortController();
  /** What the process said of its end. */
  #last: LastTold | undefined;
  #hang: string | undefined;
  /** Whether a checkpoint was written since the first start. */
  #isKept = false;
  #heardMs = 0;

  constructor(options: SupervisedOptions) {
    this.#options = options;
    this.#backOff = new BackOff(options.backOff);
    this.#status = { file: options.file, state: 'starting', step: 0, failures: 0 };
  }

  get status(): PipelineStatus {
    return this.#status;
  }

  /** Keeps the pipeline going. Resolves when it has come to its end, was stopped, or is refused: it may be called again then. */
  async run(): Promise<void> {
    const { clock, resume } = this.#options;
    while (!this.#isStopping) {
      const startMs = clock.monotonicMs();
      // Until it has a checkpoint of its own, the run goes on from another.
      const reason = await this.#live(this.#isKept ? 'reloaded' : resume);
      if (reason === undefined) break;
      const lastFailure = { time: new Date(clock.nowMs()).toISOString(), reason };
      const isRefused = this.#last?.type === 'failed' && this.#last.isFinal;
      const waitMs = this.#backOff.failed(clock.monotonicMs() - startMs);
      const state = isRefused ? 'refused' : 'waiting';
      this.#become({ state, failures: this.#status.failures + 1, lastFailure });
      if (isRefused) return;
      await clock.sleep(this.#isStopping ? 0 : waitMs, this.#wake.signal).catch(() => {});
      this.#wake = new AbortController();
    }
    this.#become({ state: 'ended' });
  }

  /** Ends the process after the steps under way, with a checkpoint. */
  stop(): void {
    this.#isStopping = true;
    this.#wake.abort();
    this.order({ type: 'stop' });
  }

  /** Ends the process at once. */
  kill(): void {
    this.#isStopping = true;
    this.#wake.abort();
    this.#child?.kill('SIGKILL');
  }

  order(order: Order): void {
    if (order.type === 'reload') this.#wake.abort();
    if (this.#child?.connected) this.#child.send(order, () => {});
  }

  /** One life of the process. @returns why it failed; undefined when it came to its end or was stopped */
  async #live(resume: Resumption): Promise<string | undefined> {
    const { clock, file } = this.#options;
    this.#last = undefined;
    this.#hang = undefined;
    this.#heardMs = clock.monotonicMs();
    const child = fork(entry, [file, resume, String(this.#status.failures)], {
      execArgv: loader,
      stdio: ['ignore', 2, 'pipe', 'ipc'],
    });
    this.#child = child;
    this.#become({ state: 'starting', ...(child.pid === undefined ? {} : { pid: child.pid }) });
    const said = new LastWords();
    child.stderr?.on('data', (data: Buffer) => {
      process.stderr.write(data);
      said.hear(data);
    });
    child.on('message', (told: Told) => this.#hear(told));
    const watch = new AbortController();
    void this.#watch(child, watch.signal);
    const [code, signal] = await ended(child);
    watch.abort();
    this.#child = undefined;
    const { pid: _, ...rest } = this.#status;
    this.#status = rest;
    const last = this.#last as LastTold | undefined;
    if (last?.type === 'ended' && (this.#isStopping || last.outcome === 'finished')) return undefined;
    if (last?.type === 'failed') return last.message;
    if (this.#isStopping && this.#hang === undefined) return undefined;
    const how = signal ? `ended by ${signal}` : `ended with code ${code}`;
    return [this.#hang ?? `the process ${how}`, said.text].filter(Boolean).join('\n');
  }

  #hear(told: Told): void {
    const { clock, onEvent, onPulse, onReload, onLogLevel } = this.#options;
    this.#heardMs = clock.monotonicMs();
    switch (told.type) {
      case 'event':
        if (told.event.type === 'runStarted') this.#become({ state: 'training', step: told.event.step });
        if (told.event.type === 'checkpointWritten') this.#isKept = true;
        if (told.event.type === 'runPaused') this.#become({ state: 'paused' });
        if (told.event.type === 'runContinued') this.#become({ state: 'training' });
        onEvent(told.event);
        break;
      case 'pulse':
        this.#status = { ...this.#status, step: Math.max(told.step, this.#status.step) };
        if (told.underWayMs > this.#options.patience.stepMs)
          this.#giveUp(`no step ended for ${Math.round(told.underWayMs / 1000)} s`);
        onPulse(told);
        break;
      case 'logLevel':
        onLogLevel(told.level);
        break;
      case 'reloaded':
        onReload(told.outcome);
        break;
      default:
        this.#last = told;
    }
  }

  /** Ends a process that is silent for too long. */
  async #watch(child: ChildProcess, signal: AbortSignal): Promise<void> {
    const { clock, patience } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(Math.min(1000, patience.pulseMs), signal).catch(() => {});
      const silentMs = clock.monotonicMs() - this.#heardMs;
      if (!signal.aborted && this.#child === child && silentMs > patience.pulseMs)
        this.#giveUp(`no sign of life for ${Math.round(silentMs / 1000)} s`);
    }
  }

  #giveUp(reason: string): void {
    this.#hang ??= reason;
    this.#child?.kill('SIGKILL');
  }

  #become(change: Partial<PipelineStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.#options.onStatus(this.#status);
  }
}

function ended(child: ChildProcess): Promise<readonly [number | null, NodeJS.Signals | null]> {
  return new Promise((resolve) => {
    child.once('error', () => resolve([null, null]));
    child.once('close', (code, signal) => resolve([code, signal]));
  });
}

/** The end of what a process wrote: enough to see why it ended. */
class LastWords {
  #text = '';

  hear(data: Buffer): void {
    this.#text = (this.#text + data.toString()).slice(-4000);
  }

  get text(): string {
    return this.#text.trim();
  }
}
