import { systemClock } from '../core/clock.ts';
import { formatIssue } from '../core/error.ts';
import type { TrunklineEvent } from '../core/event.ts';
import { trunklineBackend } from '../engine/backend.ts';
import { loadPipeline } from '../pipeline/load.ts';
import type { RunMode } from '../pipeline/run/folder.ts';
import { type Report, writeReport } from '../pipeline/run/report.ts';
import { unitLines } from '../pipeline/run/scale.ts';
import { train } from '../pipeline/run/train.ts';
import { type Watch, watch } from '../pipeline/run/watch.ts';
import { HeadTable } from '../report/head-table.ts';
import { Progress } from '../report/progress.ts';

export interface TrainCommandOptions {
  readonly resume?: boolean;
  /** Goes on with what fits of the model, by name. */
  readonly partial?: boolean;
  readonly overwrite?: boolean;
  /** Every event as a line of JSON, in place of what people read. */
  readonly json?: boolean;
}

/** Time between two lines of progress: on a terminal, where each replaces the last, and elsewhere. */
const liveMs = 200;
const quietMs = 10_000;

/** Exit code of a process that the second signal ended. */
const interrupted = 130;

/**
 * Trains a pipeline, says how it goes, and leaves a run folder. The first interrupt ends the run after the steps under
 * way, with a checkpoint; the second ends the process.
 * @throws TrunklineError when something is wrong with the pipeline, a source or the engine
 */
export async function trainCommand(file: string, options: TrainCommandOptions): Promise<void> {
  trunklineBackend();
  const mode: RunMode = options.resume || options.partial ? 'resume' : options.overwrite ? 'overwrite' : 'new';
  const display = options.json ? jsonDisplay() : await peopleDisplay();
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(interrupted);
    display.say('stopping after the steps under way; once more to stop at once');
    stop.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  let watched: Watch | undefined;
  try {
    const loaded = await loadPipeline(file);
    const watching = await watch(loaded, { clock: systemClock, events: display.event });
    watched = watching;
    const outcome = await train(loaded, {
      mode,
      ...(options.partial ? { resume: 'partial' } : {}),
      events: (event) => {
        watching.events(event);
        if (event.type !== 'runPaused' || event.asked) return;
        // Nobody is there to let it go on.
        display.say(`stopping: ${event.reason}`);
        process.exitCode = 1;
        stop.abort();
      },
      clock: systemClock,
      stop: stop.signal,
      onRun: (run) => watching.begin(run, loaded),
      onRemark: (remark) => display.say(`remark: ${formatIssue(remark)}`),
      onFit: (source) => display.say(`reading all of '${source}' once, for features and labels that learn from it`),
    });
    const report = await writeReport(outcome.folder, outcome);
    display.end(outcome.outcome, file, report, outcome.folder.directory);
  } finally {
    await watched?.close();
    display.close();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** What is shown of a run. */
interface Display {
  event(event: TrunklineEvent): void;
  say(line: string): void;
  end(outcome: 'finished' | 'stopped', file: string, report: Report, directory: string): void;
  close(): void;
}

function jsonDisplay(): Display {
  const write = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
  return {
    event: write,
    say: (line) => void process.stderr.write(`${line}\n`),
    end: (outcome, _, report, directory) => write({ type: 'reported', outcome, report: report.path, directory }),
    close: () => {},
  };
}

type EpochCounts = Extract<TrunklineEvent, { readonly type: 'epochEnded' }>['counts'];

/** Why a run took no step. @param counts rows up to the end of the last epoch, if one ended */
function whyNone(counts: EpochCounts | undefined): string {
  if (counts === undefined || (counts.trained ?? 0) > 0)
    return 'it was trained to its end before; give stream more epochs or steps to go on';
  return counts.received === 0
    ? 'there were no rows to train on'
    : `none of ${counts.received} rows had a label to train on`;
}

async function peopleDisplay(): Promise<Display> {
  const live = process.stdout.isTTY ? (await import('log-update')).createLogUpdate(process.stdout) : undefined;
  const print = (line: string): void => {
    live?.clear();
    console.log(line);
  };
  const progress = new Progress({
    clock: systemClock,
    print,
    ...(live ? { live } : {}),
    intervalMs: live ? liveMs : quietMs,
  });
  const table = new HeadTable(systemClock);
  let steps = 0;
  let evaluations = 0;
  let counts: EpochCounts | undefined;
  return {
    event: (event) => {
      progress.event(event);
      table.event(event);
      if (event.type === 'stepTaken') steps++;
      if (event.type === 'headsEvaluated') evaluations++;
      if (event.type === 'epochEnded') counts = event.counts;
    },
    say: print,
    end: (outcome, file, report, directory) => {
      if (steps + evaluations > 0)
        print(['', table.format(process.stdout.columns), '', ...unitLines(report.units)].join('\n'));
      print(`run folder: ${directory}\ncurves of every head: ${report.path}`);
      if (outcome === 'finished' && steps === 0) print(`no step was taken: ${whyNone(counts)}`);
      if (outcome === 'stopped') print(`stopped; to go on: trunkline train ${file} --resume`);
      else print(`next: trunkline predict ${file} --data <file>, evaluate, export, or train --resume with more epochs`);
    },
    close: () => live?.done(),
  };
}
