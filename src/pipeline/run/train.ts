import type { Rejected } from '../../core/chunk.ts';
import type { Clock } from '../../core/clock.ts';
import type { EventSink, TrunklineEvent } from '../../core/event.ts';
import { type MetricLine, MetricLines } from '../../report/metrics-file.ts';
import { AppendFile } from '../../sink/append-file.ts';
import { deadLetters } from '../../sink/index.ts';
import type { Sink } from '../../sink/sink.ts';
import type { EvaluationPlan, RunPlan } from '../../train/run/plan.ts';
import { type RunOutcome, TrainingRun } from '../../train/run/run.ts';
import { assemble, type Pipeline } from '../assemble.ts';
import type { LoadedPipeline } from '../load.ts';
import { RunFolder, type RunMode } from './folder.ts';
import { lastRun } from './last.ts';
import { identityOf, manifestOf } from './manifest.ts';
import { type OpenedModel, openModel } from './open.ts';
import { folderOf } from './trained.ts';

export interface TrainOptions {
  readonly mode: RunMode;
  /** Told of everything that happens. */
  readonly events: EventSink;
  readonly clock: Clock;
  /** Ends the run after the steps under way, with a checkpoint. */
  readonly stop?: AbortSignal;
  /** Told before a source is looked at from beginning to end. */
  readonly onFit?: (source: string) => void;
}

/** Steps that one line of the metrics file is about. */
const stepsPerLine = 20;

/**
 * Trains a pipeline into its run folder: manifest, metrics, checkpoints, dead letters.
 * @throws TrunklineError when the pipeline, a source or the engine is at fault
 */
export async function train(
  loaded: LoadedPipeline,
  options: TrainOptions,
): Promise<RunOutcome & { folder: RunFolder }> {
  const folder = new RunFolder(folderOf(loaded));
  await folder.prepare(options.mode);
  const before =
    options.mode === 'resume' ? await lastRun(folder, options.events, 'begin anew: --overwrite') : undefined;
  const pipeline = await assemble(loaded, {
    ...(before ? { fitted: before.fitted } : {}),
    ...(options.onFit ? { onFit: options.onFit } : {}),
  });
  if (!before) {
    const manifest = await manifestOf(pipeline, loaded.file, new Date(options.clock.nowMs()).toISOString());
    await folder.write('manifest', `${JSON.stringify(manifest, null, 2)}\n`);
  }
  await folder.keepMetrics(before?.step ?? 0);
  const metrics = await AppendFile.open(folder.path('metrics'));
  const dead = new DeadLetters(pipeline.deadLetter);
  const lines = new MetricLines({
    clock: options.clock,
    everySteps: stepsPerLine,
    write: (line: MetricLine) => void metrics.append(JSON.stringify(line)),
  });
  const events = (event: TrunklineEvent): void => {
    lines.event(event);
    options.events(event);
  };
  const model = await openModel(pipeline, events);
  try {
    const plan = await planOf(pipeline, model, folder, (rejected) => dead.take(rejected, events));
    const run = new TrainingRun(plan, { clock: options.clock, events, resume: before !== undefined });
    if (options.stop?.aborted) run.stop();
    options.stop?.addEventListener('abort', () => run.stop(), { once: true });
    return { ...(await run.run()), folder };
  } catch (error) {
    throw pipeline.located(error);
  } finally {
    await model.close();
    await metrics.flush();
    await metrics.close();
    await dead.close();
  }
}

async function planOf(
  pipeline: Pipeline,
  { runner }: OpenedModel,
  folder: RunFolder,
  deadLetter: (rejected: Rejected) => Promise<void>,
): Promise<RunPlan> {
  const { name, sources, trained, evaluation, checkpoint, config, steps } = pipeline;
  const { epochs } = config.stream;
  const counts = await Promise.all(trained.map((source) => sources.get(source)?.countRows()));
  const known = counts.every((count) => count !== undefined);
  const { from = [], ...rhythm } = evaluation ?? {};
  return {
    name,
    directory: folder.directory,
    runner,
    batches$: (restore) => pipeline.batches({ deadLetter, ...(restore ? { restore } : {}) }),
    ...(epochs === 'endless' ? {} : { epochs }),
    ...(known ? { rowsPerEpoch: counts.reduce((sum, count) => sum + count, 0) } : {}),
    ...(steps === undefined ? {} : { steps }),
    evaluations: from.map(
      (source): EvaluationPlan => ({ source: sources.get(source) as EvaluationPlan['source'], ...rhythm }),
    ),
    checkpoint: { directory: folder.path('checkpoints'), ...checkpoint },
    identity: identityOf(pipeline),
    fitted: pipeline.fitted(),
  };
}

/** The file of what could not be used: there from the first on. */
class DeadLetters {
  readonly #path: string;
  #sink: Promise<Sink<Rejected>> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async take(rejected: Rejected, events: EventSink): Promise<void> {
    const { reason, issue, head } = rejected;
    const message = `${issue.where}: expected ${issue.expected}; found ${issue.found}`;
    events({ type: 'recordRejected', reason, message, ...(head === undefined ? {} : { head }) });
    this.#sink ??= deadLetters.build({ type: 'deadLetter', path: this.#path }, { where: 'deadLetter' }, 'deadLetter');
    await (await this.#sink).write(rejected);
  }

  async close(): Promise<void> {
    const sink = await this.#sink;
    await sink?.flush();
    await sink?.close();
  }
}
