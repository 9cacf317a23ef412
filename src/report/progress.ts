import type { Clock } from '../core/clock.ts';
import type { TrunklineEvent } from '../core/event.ts';
import type { HeadsEvaluated, RowsEvaluated, RunStarted } from '../core/train-event.ts';
import { formatCount, formatDuration, formatScore, meanOf } from './format.ts';
import { StepWindow, type WindowSummary } from './window.ts';

export interface ProgressOptions {
  readonly clock: Clock;
  /** Takes a finished line. */
  readonly print: (line: string) => void;
  /** Shows a line that the next one replaces; left out where there is no terminal. */
  readonly live?: (line: string) => void;
  /** How long to wait between lines. */
  readonly intervalMs: number;
}

/** Where there are more epochs than this, not each has lines of its own: they come a second apart, and at the end. */
const mostEpochLines = 50;
const epochLineMs = 1000;

/** Heads with the highest loss that are named in a line. */
const worstShown = 3;

/** Says how training goes: a live line on a terminal, otherwise a line from time to time; and a line for each phase. */
export class Progress {
  readonly #options: ProgressOptions;
  readonly #window = new StepWindow();
  #run: RunStarted | undefined;
  #shownMs = 0;
  #epochStartMs = 0;
  #epochRows = 0;
  readonly #toldMs = new Map<'epochEnded' | 'headsEvaluated', number>();

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  readonly event = (event: TrunklineEvent): void => {
    const { print, clock, intervalMs } = this.#options;
    switch (event.type) {
      case 'runStarted':
        this.#run = event;
        this.#beginEpoch();
        print(startLine(event));
        break;
      case 'engineChosen':
        print(
          `engine ${event.engine} through ${event.runner}, ${event.threads} ${event.threads === 1 ? 'thread' : 'threads'}`,
        );
        break;
      case 'stepTaken':
        this.#window.add(event);
        this.#epochRows += event.rows;
        if (clock.monotonicMs() - this.#shownMs >= intervalMs) this.#show(event.epoch);
        break;
      case 'epochEnded':
        if (this.#isTold(event))
          print(
            `epoch ${event.epoch}${this.#ofEpochs()} ended at step ${formatCount(event.step)} ${this.#pace(event.durationMs)}`,
          );
        this.#window.take();
        this.#beginEpoch();
        break;
      case 'rowsEvaluated':
        if (clock.monotonicMs() - this.#shownMs < intervalMs) break;
        this.#shownMs = clock.monotonicMs();
        this.#showLine(rowsLine(event));
        break;
      case 'headsEvaluated':
        if (!this.#isTold(event)) break;
        print(evaluationLine(event));
        this.#shownMs = clock.monotonicMs();
        break;
      case 'checkpointDamaged':
        print(`warning: the checkpoint of step ${event.step} is damaged and was passed over: ${event.message}`);
        break;
      case 'checkpointFailed':
        print(`warning: the checkpoint of step ${event.step} could not be written: ${event.message}`);
        break;
      case 'headsMade':
        print(`made from the template, as labels of them came: ${event.heads.join(', ')}`);
        break;
      case 'headRefused':
        print(
          `warning: source '${event.source}' has labels of '${event.head}', and no more than ${event.max} heads may be made: such labels are rejected`,
        );
        break;
      case 'metricsFailed':
        print(`warning: training goes on, but its metrics are not kept any more: ${event.message}`);
        break;
      case 'serverStarted':
        print(`listening on ${event.url}: ${event.routes.join(', ')}`);
        break;
      case 'requestFailed':
        print(`warning: an answer failed, ${event.route}: ${event.message}`);
        break;
      case 'forgettingFailed':
        print(`warning: source '${event.source}' keeps what checkpoints cover: ${event.message}`);
        break;
      case 'sourceAway':
        print(`warning: source '${event.source}' waits: ${event.message}`);
        break;
      case 'sourceBack':
        print(`source '${event.source}' goes on after ${formatDuration(event.awayMs)}`);
        break;
      case 'workerFailed':
        print(`the engine's worker failed: ${event.message}`);
        break;
    }
  };

  /** Whether this end of an epoch, or evaluation, has a line. */
  #isTold({ type, epoch }: { readonly type: 'epochEnded' | 'headsEvaluated'; readonly epoch: number }): boolean {
    const { epochs = Number.POSITIVE_INFINITY } = this.#run ?? {};
    const nowMs = this.#options.clock.monotonicMs();
    const lastMs = this.#toldMs.get(type) ?? Number.NEGATIVE_INFINITY;
    if (epochs > mostEpochLines && epoch < epochs && nowMs - lastMs < epochLineMs) return false;
    this.#toldMs.set(type, nowMs);
    return true;
  }

  #beginEpoch(): void {
    this.#epochStartMs = this.#options.clock.monotonicMs();
    this.#epochRows = 0;
    this.#shownMs = this.#epochStartMs;
  }

  #show(epoch: number): void {
    const nowMs = this.#options.clock.monotonicMs();
    const summary = this.#window.take();
    const line = `epoch ${epoch}${this.#ofEpochs()}${this.#share()}  ${rate(summary.rows, nowMs - this.#shownMs)}${this.#rest(epoch)}  loss ${formatScore(summary.loss)}${worst(summary.heads)}`;
    this.#shownMs = nowMs;
    this.#showLine(line);
  }

  #showLine(line: string): void {
    (this.#options.live ?? this.#options.print)(line);
  }

  #ofEpochs(): string {
    const epochs = this.#run?.epochs;
    return epochs === undefined ? '' : `/${epochs}`;
  }

  #share(): string {
    const rows = this.#run?.rowsPerEpoch;
    return rows === undefined || rows === 0 ? '' : `  ${Math.min(100, Math.floor((100 * this.#epochRows) / rows))} %`;
  }

  /** How long the run will still take, at the pace of the epoch so far. */
  #rest(epoch: number): string {
    const { epochs, rowsPerEpoch } = this.#run ?? {};
    if (epochs === undefined || rowsPerEpoch === undefined || this.#epochRows === 0) return '';
    const rows = Math.max(0, rowsPerEpoch - this.#epochRows) + (epochs - epoch) * rowsPerEpoch;
    const elapsedMs = this.#options.clock.monotonicMs() - this.#epochStartMs;
    return `  ${formatDuration((rows * elapsedMs) / this.#epochRows)} left`;
  }

  #pace(durationMs: number): string {
    const { loss } = this.#window.summary();
    const shown = loss === undefined ? '' : `, loss ${formatScore(loss)}`;
    return `after ${formatDuration(durationMs)} (${rate(this.#epochRows, durationMs)})${shown}`;
  }
}

function startLine({ name, directory, step, heads }: RunStarted): string {
  const from = step > 0 ? `, going on from step ${formatCount(step)}` : '';
  return `training ${name}: ${heads.length} ${heads.length === 1 ? 'head' : 'heads'}, run folder ${directory}${from}`;
}

const rate = (rows: number, durationMs: number): string =>
  durationMs > 0 ? `${formatCount((1000 * rows) / durationMs)} samples/s` : '';

/** Heads with the highest loss, worst first. */
function worst(heads: WindowSummary['heads']): string {
  const named = Object.entries(heads);
  if (named.length < 2) return '';
  const shown = named.sort(([, a], [, b]) => b.loss - a.loss).slice(0, worstShown);
  return `  highest ${shown.map(([name, { loss }]) => `${name} ${formatScore(loss)}`).join(', ')}`;
}

/** How far an evaluation has come. */
function rowsLine({ source, rows, of, heads, durationMs }: RowsEvaluated): string {
  const known = of !== undefined && of > 0 && rows <= of;
  const share = known ? `  ${Math.floor((100 * rows) / of)} %` : `  ${formatCount(rows)} rows`;
  const rest = known ? `  ${formatDuration(((of - rows) * durationMs) / rows)} left` : '';
  const loss = formatScore(meanOf(Object.values(heads).map((head) => head.loss)));
  return `  on ${source}${share}  ${rate(rows, durationMs)}${rest}  loss ${loss}${worst(heads)}`;
}

function evaluationLine({ source, heads, rows, durationMs }: HeadsEvaluated): string {
  const scored = Object.values(heads);
  const metrics = [...new Set(scored.flatMap((head) => Object.keys(head.metrics)))];
  const means = [
    `loss ${formatScore(meanOf(scored.map(({ loss }) => loss)))}`,
    ...metrics.map((metric) => `${metric} ${formatScore(meanOf(scored.map((head) => head.metrics[metric])))}`),
  ];
  const over = scored.length > 1 ? ' (means over heads)' : '';
  return `  on ${source} (${formatCount(rows)} rows, ${formatDuration(durationMs)}): ${means.join(', ')}${over}`;
}
