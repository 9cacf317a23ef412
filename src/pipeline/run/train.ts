import type { Clock } from '../../core/clock.ts';
import type { Issue } from '../../core/error.ts';
import type { EventSink, TrunklineEvent } from '../../core/event.ts';
import type { ReloadOutcome } from '../../core/steering.ts';
import type { Server } from '../../http/server.ts';
import type { SampleSource } from '../../source/index.ts';
import type { Recording } from '../../stream/recording.ts';
import type { EvaluationPlan, RunPlan } from '../../train/run/plan.ts';
import { Plateaus } from '../../train/run/plateaus.ts';
import type { Resumption } from '../../train/run/restore.ts';
import { type RunOutcome, TrainingRun } from '../../train/run/run.ts';
import { assemble, type Pipeline } from '../assemble.ts';
import type { LoadedPipeline } from '../load.ts';
import { madeHeads, withMadeHeads } from '../model/made.ts';
import { beginRecording } from '../record.ts';
import { DeadLetters } from './dead-letters.ts';
import { RunFolder, type RunMode } from './folder.ts';
import { identityOf, isReloadable } from './identity.ts';
import { Journal } from './journal.ts';
import { continuation, lastRun } from './last.ts';
import { lockFolder } from './lock.ts';
import { refuseLonger } from './longer.ts';
import { type Manifest, manifestOf, manifestSince } from './manifest.ts';
import { MetricsFile } from './metrics-file.ts';
import { type OpenedModel, openModel } from './open.ts';
import { type Received, receive } from './receive.ts';
import { steer } from './steer.ts';
import { folderOf } from './trained.ts';

export interface TrainOptions {
  /** `continue`: resumes when there is a checkpoint, and begins anew when there is none. */
  readonly mode: RunMode | 'continue';
  /** How a run that is gone on with may differ from what it was; not at all when left out. */
  readonly resume?: Resumption;
  /** Told of everything that happens. */
  readonly events: EventSink;
  readonly clock: Clock;
  /** Ends the run after the steps under way, with a checkpoint. */
  readonly stop?: AbortSignal;
  /**
   * Given the run when it begins, for steering it, and the heads that were made from the template. When others are made,
   * another run takes its place.
   */
  readonly onRun?: (run: TrainingRun, made: readonly string[]) => void;
  /** Takes over what changed in the pipeline file, where that can be done while it is trained. */
  readonly reload?: () => Promise<ReloadOutcome>;
  /** Told before a source is looked at from beginning to end. */
  readonly onFit?: (source: string) => void;
  /** Told what is not wrong with the pipeline, but perhaps not meant. */
  readonly onRemark?: (remark: Issue) => void;
}

/**
 * Trains a pipeline into its run folder: manifest, metrics, checkpoints, dead letters.
 * @throws TrunklineError when the pipeline, a source or the engine is at fault
 */
export async function train(
  loaded: LoadedPipeline,
  options: TrainOptions,
): Promise<RunOutcome & { folder: RunFolder }> {
  const folder = new RunFolder(folderOf(loaded));
  const lock = await lockFolder(folder.directory);
  try {
    let next = options;
    let made: readonly string[] = [];
    for (;;) {
      const { newHeads, isPaused, ...outcome } = await trainIn(folder, loaded, made, next);
      if (newHeads.length === 0 || outcome.outcome === 'finished' || options.stop?.aborted)
        return { ...outcome, folder };
      // What a checkpoint could not be written for is not forgotten.
      made = [...made, ...newHeads];
      options.events({ type: 'headsMade', step: outcome.step, heads: newHeads });
      next = { ...goingOn(options), ...(isPaused ? { isPaused } : {}) };
    }
  } finally {
    await lock.release();
  }
}

/** How a run goes on that gave way to one with more heads. */
function goingOn({ onRemark: _, ...options }: TrainOptions): TrainOptions {
  return { ...options, mode: 'continue', resume: 'reloaded' };
}

interface Ended extends RunOutcome {
  /** Heads for which it gave way. */
  readonly newHeads: readonly string[];
  readonly isPaused: boolean;
}

/** @param made heads that are to be made from the template, beside those of the checkpoint that it goes on from */
async function trainIn(
  folder: RunFolder,
  unmade: LoadedPipeline,
  made: readonly string[],
  options: TrainOptions & { readonly isPaused?: boolean },
): Promise<Ended> {
  const mode = options.mode === 'continue' ? await continuation(folder, options.events) : options.mode;
  const replaced = mode === 'overwrite' ? await folder.begunAt() : undefined;
  await folder.prepare(mode);
  const before = mode === 'resume' ? await lastRun(folder, options.events, 'begin anew: --overwrite') : undefined;
  const loaded = withMadeHeads(unmade, [...(before?.made ?? []), ...made]);
  const pipeline = await assemble(loaded, {
    clock: options.clock,
    events: options.events,
    ...(before ? { fitted: before.fitted } : {}),
    ...(options.onFit ? { onFit: options.onFit } : {}),
  });
  for (const remark of pipeline.remarks) options.onRemark?.(remark);
  if (replaced !== undefined) await new DeadLetters(pipeline.deadLetter, replaced, options.events).goBack({});
  const recording = await recordingOf(pipeline, mode);
  const begunAt = before ? await folder.begunAt() : new Date(options.clock.nowMs()).toISOString();
  const manifest = before
    ? manifestSince((await folder.manifest()) as Manifest, pipeline)
    : await manifestOf(pipeline, loaded.file, begunAt as string);
  if (manifest)
    await folder.write('manifest', `${JSON.stringify(manifest, null, 2)}\n`).catch((error: unknown) => {
      // That of a run that goes on is there: what it says of heads is as old as the last start then.
      if (!before) throw error;
    });
  await folder.keepMetrics(before?.step ?? 0);
  const metrics = await MetricsFile.open(folder.path('metrics'), options);
  const events = (event: TrunklineEvent): void => {
    metrics.event(event);
    options.events(event);
  };
  const dead = new DeadLetters(pipeline.deadLetter, begunAt as string, events);
  const { journal: path } = pipeline.config;
  const journal = path === undefined ? undefined : await Journal.open(path, before?.step ?? 0);
  const model = await openModel(pipeline, events);
  const over = new AbortController();
  let givesWay = false;
  let received: Received | undefined;
  let server: Server | undefined;
  try {
    received = await receive(pipeline, { clock: options.clock, events });
    const plan = await planOf(pipeline, model, folder, { dead, journal, recording, covered: received.covered });
    const resume = before && { resume: options.resume ?? 'exact' };
    const run = new TrainingRun(plan, { clock: options.clock, events, ...resume });
    server = await steer(pipeline, model.runner, run, received.routes, { ...options, events });
    options.onRun?.(run, madeHeads(pipeline.config.model));
    if (options.isPaused) void run.pause('as before heads were made');
    pipeline.newHeads?.onWanted(async () => {
      if (await isKept(run, options.clock, over.signal)) run.stop();
    });
    if (options.stop?.aborted) run.stop();
    options.stop?.addEventListener('abort', () => run.stop(), { once: true, signal: over.signal });
    const outcome = await run.run();
    const newHeads = pipeline.newHeads?.wanted ?? [];
    givesWay = newHeads.length > 0 && outcome.outcome === 'stopped' && !options.stop?.aborted;
    // As whoever steers it left it, though it may have taken a while until it could be kept.
    return { ...outcome, newHeads, isPaused: run.isPaused };
  } catch (error) {
    throw pipeline.located(error);
  } finally {
    over.abort();
    await server?.close();
    await received?.close();
    await model.close();
    await metrics.close();
    await dead.close();
    // What came after the last checkpoint, and a full disk has no room for, is trained again by the run that follows.
    for (const file of [journal, recording])
      await file?.close().catch((error: unknown) => {
        if (!givesWay) throw error;
      });
  }
}

/** Between two tries to keep a run. */
const againMs = 1000;

/** Whether a run that is to give way to one with more heads is kept, which may take until a full disk has room; not if it ends before. */
async function isKept(run: TrainingRun, clock: Clock, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if (await run.checkpoint()) return true;
    await clock.sleep(againMs, signal).catch(() => {});
  }
  return false;
}

/** What samples are recorded to. A run that goes on takes it back itself, to where it was at the checkpoint. */
async function recordingOf(pipeline: Pipeline, mode: RunMode): Promise<Recording | undefined> {
  try {
    const recording = await pipeline.openRecording?.();
    const { record } = pipeline.config.stream;
    if (recording && record && mode !== 'resume') await beginRecording(recording, record.path, mode === 'overwrite');
    return recording;
  } catch (error) {
    throw pipeline.located(error);
  }
}

/** What a run writes down besides its checkpoints. */
interface Records {
  readonly dead: DeadLetters;
  readonly journal: Journal | undefined;
  readonly recording: Recording | undefined;
  readonly covered: NonNullable<RunPlan['covered']>;
}

async function planOf(
  pipeline: Pipeline,
  { runner }: OpenedModel,
  folder: RunFolder,
  { dead, journal, recording, covered }: Records,
): Promise<RunPlan> {
  const { name, sources, trained, evaluation, checkpoint, config, steps } = pipeline;
  const counts = await Promise.all(trained.map((source) => sources.get(source)?.countRows()));
  const { from = [], ...rhythm } = evaluation ?? {};
  return {
    name,
    directory: folder.directory,
    runner,
    batches$: (restore) =>
      pipeline.batches({
        deadLetter: (rejected, at) => dead.take(rejected, at),
        ...(recording ? { recording } : {}),
        ...(restore ? { restore } : {}),
      }),
    ...lengthOf(config.stream.epochs, counts),
    ...(steps === undefined ? {} : { steps }),
    evaluations: await Promise.all(from.map((source) => evaluationOf(sources.get(source) as SampleSource, rhythm))),
    ...(config.evaluate?.plateau ? { plateaus: new Plateaus(config.evaluate.plateau) } : {}),
    checkpoint: { directory: folder.path('checkpoints'), ...checkpoint },
    covered,
    identity: identityOf(pipeline),
    onRestored: async ({ stream }) => {
      if (!stream) return;
      refuseLonger(config, stream);
      await dead.goBack(stream);
    },
    ...(journal ? { onStep: (item) => journal.take(item) } : {}),
    flush: async () => {
      await dead.flush();
      await journal?.flush();
    },
    reloadable: isReloadable,
    ...(config.guard.notFinite === 0 ? {} : { pauseAfter: config.guard.notFinite }),
    ...(config.guard.spike?.goBackAfter ? { goBackAfter: config.guard.spike.goBackAfter } : {}),
    made: madeHeads(config.model),
    fitted: pipeline.fitted(),
  };
}

async function evaluationOf(source: SampleSource, rhythm: Partial<EvaluationPlan>): Promise<EvaluationPlan> {
  const rows = await source.countRows();
  return { source, ...rhythm, ...(rows === undefined ? {} : { rows }) };
}

/**
 * How many epochs a run has, and rows in each, as far as that is known. Sources that are mixed go through epochs of their
 * own, and end one together.
 * @param counts rows of each source
 */
function lengthOf(
  epochs: number | 'endless',
  counts: readonly (number | undefined)[],
): Pick<RunPlan, 'epochs' | 'rowsPerEpoch'> {
  const known = counts.filter((count) => count !== undefined);
  const rows = known.length === counts.length ? known.reduce((sum, count) => sum + count, 0) : undefined;
  if (epochs === 'endless') return rows === undefined || counts.length > 1 ? {} : { rowsPerEpoch: rows };
  const [own, together] = counts.length > 1 ? [epochs, 1] : [1, epochs];
  return { epochs: together, ...(rows === undefined ? {} : { rowsPerEpoch: own * rows }) };
}
