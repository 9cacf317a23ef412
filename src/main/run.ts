import { systemClock } from '../core/clock.ts';
import type { TrunklineEvent } from '../core/event.ts';
import type { LogLevel } from '../core/log-level.ts';
import { Daemon, type PipelineStatus, type ReloadOutcome } from '../daemon/index.ts';
import type { Pulse } from '../daemon/message.ts';
import { formatCount, formatScore } from '../report/format.ts';
import { Log } from '../report/log.ts';

export interface RunCommandOptions {
  readonly partial?: boolean;
  /** Every event as a line of JSON. */
  readonly json?: boolean;
  /** What is worth the level that each pipeline says, as lines of JSON with the time: for collectors of logs. */
  readonly log?: boolean;
}

/** Time between two lines about the steps of a pipeline. */
const progressMs = 10_000;

/** Exit codes: of a process that the second signal ended, and when pipelines are refused. */
const interrupted = 130;
const refused = 2;

/**
 * Trains pipelines for as long as there is something to train on. SIGTERM or SIGINT ends them with checkpoints, a second
 * one at once. SIGHUP lets them take over what changed in their files, and go on when they are paused; SIGUSR2 lets them
 * write checkpoints.
 * @throws ConfigError when a pipeline file is wrong
 */
export async function runCommand(files: readonly string[], { partial, json, log }: RunCommandOptions): Promise<void> {
  const teller = log ? logTeller() : json ? jsonTeller() : lineTeller();
  const daemon = await Daemon.open(files, { clock: systemClock, ...(partial ? { resume: 'partial' } : {}), ...teller });
  let isStopping = false;
  const onStop = (): void => {
    if (isStopping) {
      daemon.kill();
      process.exit(interrupted);
    }
    isStopping = true;
    daemon.stop().catch((error: unknown) => {
      throw error;
    });
  };
  const onReload = (): void => daemon.reload();
  const onCheckpoint = (): void => daemon.checkpoint();
  process.on('SIGINT', onStop).on('SIGTERM', onStop).on('SIGHUP', onReload).on('SIGUSR2', onCheckpoint);
  await daemon.run();
  // A stop that would still wait to end pipelines by force has nothing left to do.
  process.exit([...daemon.status.values()].some(({ state }) => state === 'refused') ? refused : 0);
}

interface Teller {
  onEvent(name: string, event: TrunklineEvent): void;
  onPulse(name: string, pulse: Pulse): void;
  onReload(name: string, outcome: ReloadOutcome): void;
  onStatus(name: string, status: PipelineStatus): void;
  onLogLevel?(name: string, level: LogLevel): void;
}

function jsonTeller(): Teller {
  const write = (pipeline: string, value: object): void =>
    void process.stdout.write(`${JSON.stringify({ pipeline, ...value })}\n`);
  return {
    onEvent: write,
    onPulse: write,
    onReload: (name, outcome) => write(name, { type: 'reloaded', ...outcome }),
    onStatus: (name, status) => write(name, { type: 'status', ...status }),
  };
}

function logTeller(): Teller {
  const log = new Log();
  return {
    onEvent: (name, event) => log.event(name, event),
    onPulse: (name, pulse) => log.write(name, 'trace', 'pulse', pulse),
    onReload: (name, outcome) => {
      const isTaken = outcome.result === 'applied' || outcome.result === 'same';
      log.write(name, isTaken ? 'info' : 'error', 'reloaded', outcome);
    },
    onStatus: (name, status) => {
      const isWell = status.state !== 'waiting' && status.state !== 'refused';
      log.write(name, isWell ? 'info' : 'error', 'status', status);
    },
    onLogLevel: (name, level) => log.setLevel(name, level),
  };
}

function lineTeller(): Teller {
  const say = (name: string, text: string): void =>
    console.log(`${new Date(systemClock.nowMs()).toISOString()} ${name}: ${text}`);
  const totals = new Map<string, { steps: number; rows: number; loss: number; sinceMs: number }>();
  return {
    onEvent(name, event) {
      const text = lineOf(event);
      if (text !== undefined) say(name, text);
    },
    onPulse(name, { step, steps, rows, loss = 0 }) {
      const nowMs = systemClock.monotonicMs();
      const total = totals.get(name) ?? { steps: 0, rows: 0, loss: 0, sinceMs: nowMs };
      totals.set(name, total);
      total.steps += steps;
      total.rows += rows;
      total.loss += loss * steps;
      if (nowMs - total.sinceMs < progressMs || total.steps === 0) return;
      const rate = formatCount(Math.round((1000 * total.rows) / (nowMs - total.sinceMs)));
      say(name, `step ${formatCount(step)}, ${rate} rows/s, loss ${formatScore(total.loss / total.steps)}`);
      totals.delete(name);
    },
    onReload(name, outcome) {
      say(name, reloadLine(outcome));
    },
    onStatus(name, { state, lastFailure, failures }) {
      if (state === 'waiting') say(name, `failed (${failures}), and will be started again: ${lastFailure?.reason}`);
      if (state === 'refused') say(name, `can't be trained: ${lastFailure?.reason}`);
      if (state === 'ended') say(name, 'ended');
    },
  };
}

function lineOf(event: TrunklineEvent): string | undefined {
  switch (event.type) {
    case 'runStarted':
      return event.step === 0 ? `begins, ${event.heads.length} heads` : `goes on from step ${formatCount(event.step)}`;
    case 'modelAdopted':
      return event.fresh.length + event.left.length === 0
        ? undefined
        : `takes over ${event.parameters} parameters; new: ${event.fresh.join(', ') || 'none'}; gone: ${event.left.join(', ') || 'none'}`;
    case 'runPaused':
      return `paused: ${event.reason}`;
    case 'modelWentBack':
      return `${event.reason}: goes on at step ${formatCount(event.step)} with what was learned by step ${formatCount(event.to)}`;
    case 'runContinued':
      return 'goes on';
    case 'settingsChanged':
      return `set after step ${formatCount(event.step)}: ${JSON.stringify({ heads: event.heads, branches: event.branches })}`;
    case 'headsMade':
      return `heads are made after step ${formatCount(event.step)}: ${event.heads.join(', ')}`;
    case 'headRefused':
      return `no room for a head '${event.head}', of which '${event.source}' has a label: there are the ${event.max} that may be made`;
    case 'sourceAway':
      return `'${event.source}' can not be reached, and is waited for: ${event.message}`;
    case 'sourceBack':
      return `'${event.source}' can be reached again`;
    case 'forgettingFailed':
      return `'${event.source}' can not forget what checkpoints cover: ${event.message}`;
    case 'epochEnded':
      return `epoch ${event.epoch} ended at step ${formatCount(event.step)}`;
    case 'checkpointFailed':
      return `checkpoint of step ${formatCount(event.step)} could not be written, training goes on: ${event.message}`;
    case 'checkpointDamaged':
      return `checkpoint of step ${formatCount(event.step)} is damaged, the one before it is used: ${event.message}`;
    case 'workerFailed':
      return `the engine's thread failed: ${event.message}`;
    default:
      return undefined;
  }
}

function reloadLine(outcome: ReloadOutcome): string {
  switch (outcome.result) {
    case 'same':
      return 'reload: nothing changed';
    case 'applied':
      return `reload: ${outcome.changes.join('; ')}`;
    case 'restartRequired':
      return `reload: a restart is required, the pipeline goes on as it was: ${outcome.changes.join('; ')}`;
    case 'invalid':
      return `reload: the file is wrong, the pipeline goes on as it was: ${outcome.message}`;
  }
}
