import type { Clock } from '../../core/clock.ts';
import type { TrunklineEvent } from '../../core/event.ts';
import type { FlowSnapshot } from '../../core/flow-snapshot.ts';
import type { RunSettings } from '../../core/steering.ts';
import type { CheckpointWritten, RunStarted } from '../../core/train-event.ts';
import { HeadCap } from './head-cap.ts';
import { HeadStates } from './head-states.ts';
import { hindrancesOf } from './hindrances.ts';
import { Interval, type IntervalRates } from './interval.ts';
import { listeners } from './listeners.ts';
import { Tally } from './tally.ts';

export interface TelemetryOptions {
  readonly clock: Clock;
  /** Heads that have series of their own. 200 when left out. */
  readonly mostHeads?: number;
  /** Time over which rates and mean losses are taken. 10 s when left out. */
  readonly intervalMs?: number;
  /** A head is silent that had no label for so long. 5 minutes when left out. */
  readonly silentMs?: number;
  /** Versions of Trunkline and Node. */
  readonly versions: { readonly version: string; readonly node: string };
  /** How often the pipeline was started again before this process. 0 when left out. */
  readonly restarts?: number;
}

/** How a run stands, as of when it is asked. */
type Probe = () => { readonly flows: readonly FlowSnapshot[]; readonly settings: RunSettings | undefined };

/** What a pipeline may be doing. */
export const states = ['starting', 'training', 'paused', 'ended', 'failed'] as const;
export type PipelineState = (typeof states)[number];

/**
 * What became of a pipeline's process so far, from what it tells: metrics, health and status are read from here. It
 * outlives the run, so that counters go on when one takes the place of another.
 */
export class Telemetry {
  readonly clock: Clock;
  readonly heads: HeadStates;
  readonly branches: HeadCap;
  readonly silentMs: number;
  /** When the process began: of day, and on the monotonic clock. */
  readonly startedAtMs: number;
  readonly beganMs: number;
  readonly versions: TelemetryOptions['versions'];
  readonly restarts: number;
  /** Of the pipeline file. */
  configHash: string | undefined;
  state: PipelineState = 'starting';
  /** Why it is paused, or has failed. */
  reason: string | undefined;
  run: RunStarted | undefined;
  step = 0;
  epoch = 0;
  lastStepMs: number | undefined;
  rates: IntervalRates | undefined;
  /** By branch, of the last step that moved it. */
  readonly gradientNorms = new Map<string, number>();
  readonly learningRates = new Map<string, number>();
  checkpoint: (Omit<CheckpointWritten, 'type'> & { readonly atMs: number }) | undefined;
  /** Whether the last checkpoint could not be written. */
  isUnwritable = false;
  engine: { readonly engine: string; readonly runner: string; readonly threads: number } | undefined;
  isEngineLost = false;
  /** Sources that can't be reached. */
  readonly away = new Set<string>();
  readonly counts = {
    steps: new Tally(),
    rows: new Tally(),
    skipped: new Tally('reason'),
    headsLeftOut: new Tally('head'),
    deadLetters: new Tally('reason'),
    checkpoints: new Tally('result'),
    compiled: new Tally(),
    compileSeconds: new Tally(),
    evicted: new Tally(),
    ingested: new Tally('source', 'verdict'),
    ingestedBytes: new Tally('source'),
    ingestedLabels: new Tally('source'),
    refused: new Tally('source', 'reason'),
    requestsFailed: new Tally('route'),
    reloads: new Tally('result'),
    pauses: new Tally(),
    wentBack: new Tally(),
  };
  readonly interval: Interval;
  /** As of the last `look`. */
  flows: readonly FlowSnapshot[] = [];
  /** What heads and branches are set to, as of the last `look`; undefined before a run has begun. */
  settings: RunSettings | undefined;
  #probe: Probe = () => ({ flows: [], settings: undefined });

  constructor(options: TelemetryOptions) {
    const { clock, mostHeads = 200, intervalMs = 10_000, silentMs = 300_000, versions, restarts = 0 } = options;
    this.clock = clock;
    this.versions = versions;
    this.restarts = restarts;
    this.beganMs = clock.monotonicMs();
    this.heads = new HeadStates(mostHeads);
    this.branches = new HeadCap(mostHeads);
    this.silentMs = silentMs;
    this.startedAtMs = clock.nowMs();
    this.interval = new Interval(intervalMs, clock.monotonicMs());
    this.#countFromZero();
  }

  /** What is known to be counted begins at 0: Prometheus sees no rise in a series that begins with it. */
  #countFromZero(): void {
    const { steps, rows, pauses, wentBack, compiled, compileSeconds, evicted, skipped, checkpoints, reloads } =
      this.counts;
    for (const tally of [steps, rows, pauses, wentBack, compiled, compileSeconds, evicted]) tally.add(0);
    for (const reason of ['unlabelled', 'notFinite', 'spike']) skipped.add(0, reason);
    for (const result of ['written', 'failed', 'damaged']) checkpoints.add(0, result);
    for (const result of ['applied', 'same', 'restartRequired', 'invalid']) reloads.add(0, result);
  }

  /** Says where the run is asked how it stands. */
  probe(probe: Probe): void {
    this.#probe = probe;
  }

  /** What keeps the pipeline from training, for people; none when it trains. Names no files. */
  hindrances(): readonly string[] {
    return hindrancesOf(this);
  }

  /** To be called before anything is read: what is read then is as of one moment. */
  look(): void {
    const { flows, settings } = this.#probe();
    this.flows = flows;
    this.settings = settings;
    this.refresh();
  }

  /** Ends an interval that is over. */
  refresh(): void {
    const rates = this.interval.end(this.clock.monotonicMs());
    if (!rates) return;
    this.rates = rates;
    this.heads.endInterval();
  }

  readonly event = (event: TrunklineEvent): void => {
    const listener = listeners[event.type] as ((telemetry: Telemetry, event: TrunklineEvent) => void) | undefined;
    listener?.(this, event);
  };
}
