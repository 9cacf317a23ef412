import { join } from 'node:path';
import type { Observable } from 'rxjs';
import type { Json } from '../core/chunk.ts';
import type { Clock } from '../core/clock.ts';
import { placeOf } from '../core/config.ts';
import { ConfigError, type Issue } from '../core/error.ts';
import type { EventSink } from '../core/event.ts';
import { formatValue } from '../core/format.ts';
import { unmatchedIn } from '../core/pattern.ts';
import type { EngineConfig } from '../engine/index.ts';
import { checkNames as checkMerged, type MergeStrategy, merges } from '../merge/index.ts';
import type { ModelSpec } from '../model/index.ts';
import { optimizers } from '../optimizer/index.ts';
import { type NewHeads, rememberedColumns, type SampleSource } from '../source/index.ts';
import type { RunnerOptions } from '../step/runner.ts';
import type { StreamBatch } from '../stream/item.ts';
import type { Recording } from '../stream/recording.ts';
import { checkAlike, checkEnds, checkNames, labelsOf, remarksOf, withLabels } from './agree.ts';
import { checkJoin, readOf } from './join.ts';
import type { LoadedPipeline } from './load.ts';
import { buildModel } from './model/build.ts';
import { newHeadsOf } from './model/made.ts';
import { recordingOf } from './record.ts';
import { checkRoute } from './route.ts';
import type { PipelineConfig } from './schema/index.ts';
import type { MetricsConfig } from './schema/run.ts';
import { Sources } from './sources.ts';
import { batchesOf, partsOf, type StreamRun } from './stream.ts';

/** Everything that a run needs, put together. Plain values, and functions that begin something anew. */
export interface Pipeline {
  readonly name: string;
  readonly seed: number;
  readonly config: PipelineConfig;
  /** The configuration as it was written, for the manifest: nothing of it came from the environment. */
  readonly written: unknown;
  /** Sources that are trained on or evaluated, by name; their labels are checked against the heads' losses. */
  readonly sources: ReadonlyMap<string, SampleSource>;
  /** Names of the sources that are trained on. */
  readonly trained: readonly string[];
  /** Names of those, and of the source of labels that come apart from them. */
  readonly read: readonly string[];
  readonly model: ModelSpec;
  readonly runner: RunnerOptions;
  /** Heads that are wanted because labels of them came. */
  readonly newHeads?: NewHeads;
  readonly engine: EngineConfig;
  /** The batches to take steps with: each subscription begins anew, or goes on from a state. */
  batches(run?: StreamRun): Observable<StreamBatch>;
  /** Opens what samples are recorded to, where they are. */
  readonly openRecording?: () => Promise<Recording>;
  /** Training ends after so many steps. */
  readonly steps?: number;
  readonly evaluation?: EvaluationPlan;
  readonly checkpoint: CheckpointPlan;
  readonly metrics?: MetricsConfig;
  /** The run folder. */
  readonly directory: string;
  /** File of records that could not be used. */
  readonly deadLetter: string;
  /** What features and labels learned of the training sources, for checkpoints: `assemble` takes it again. */
  fitted(): Json;
  /** What is not wrong, but perhaps not meant. */
  readonly remarks: readonly Issue[];
  /** An error with its places in the pipeline file, and without what came from the environment. */
  readonly located: (error: unknown) => unknown;
}

export interface EvaluationPlan {
  /** Names of the sources. */
  readonly from: readonly string[];
  readonly everyEpochs?: number;
  readonly everySteps?: number;
  readonly batchRows: number;
}

export interface CheckpointPlan {
  readonly everyEpochs?: number;
  readonly everySteps?: number;
  readonly everyMs?: number;
  /** How many of the newest are kept, and for how many steps one for good. */
  readonly keep: number;
  readonly keepEvery?: number;
}

/** How a pipeline is put together. */
export interface AssembleOptions {
  /** What an earlier run's features and labels learned: then the training sources are not looked at first. */
  readonly fitted?: Json;
  /** Sources that are not there any more are taken to have the columns they had then: enough to predict on others. */
  readonly sourcesMayBeGone?: boolean;
  /** Told before a source is looked at from beginning to end, which may take a while. */
  readonly onFit?: (source: string) => void;
  /** Where relative paths begin; the working directory when left out. */
  readonly folder?: string;
  /** Ends what is being read; assembling then rejects with its reason. */
  readonly signal?: AbortSignal;
  /** Where time comes from that sources wait by; the system's when left out. */
  readonly clock?: Clock;
  /** Told what becomes of sources. */
  readonly events?: EventSink;
}

/**
 * Opens a pipeline's sources, fits its features, and builds its model. Nothing is trained.
 * @throws TrunklineError with everything that is wrong, each with its place in the pipeline file
 */
export async function assemble(loaded: LoadedPipeline, options: AssembleOptions = {}): Promise<Pipeline> {
  try {
    return await assembled(loaded, options);
  } catch (error) {
    throw loaded.located(error);
  }
}

async function assembled(loaded: LoadedPipeline, options: AssembleOptions): Promise<Pipeline> {
  const { config, written, located } = loaded;
  const { signal = new AbortController().signal, folder, clock, events, fitted, sourcesMayBeGone } = options;
  const trained = [...partsOf(config.stream).keys()];
  const evaluated = [config.evaluate?.from ?? []].flat();
  checkNames(config);
  const runFolder = config.checkpoint.directory ?? join('runs', config.name);
  const place = { runFolder, ...(clock ? { clock } : {}), ...(events ? { events } : {}) };
  const context = { ...place, ...(folder === undefined ? {} : { folder }) };
  const remembered = (name: string) => (sourcesMayBeGone ? rememberedColumns(savedOf(name, fitted)) : undefined);
  const read = readOf(config.stream);
  const names = [...new Set([...read, ...evaluated])];
  const apart = config.stream.join?.labels;
  const makesHeads = config.model.heads.auto !== undefined;
  const opened = await new Sources(config.sources, context, remembered, apart, makesHeads).open(names, signal);
  const samples = new Map([...opened].map(([name, source]) => [name, source.samples]));
  checkEnds(config, samples);
  checkJoin(config, samples);
  await fit(read, samples, options, signal);
  checkAlike(trained, evaluated, samples);
  const readFrom = read.map((name) => samples.get(name)) as [SampleSource, ...SampleSource[]];
  const [first] = readFrom;
  const labels = labelsOf(config.model, readFrom);
  checkRoute(config, labels);
  const where = (path: readonly PropertyKey[]): string => placeOf(path, 'model');
  const { spec: model, template } = buildModel(config.model, {
    inputs: first.inputs,
    labels,
    seed: config.seed,
    where,
  });
  checkPlateau(model, config);
  const newHeads = template && newHeadsOf(config.model, template, readFrom, events);
  const checked = withLabels(model, samples, newHeads);
  const checkedFrom = read.map((name) => checked.get(name)) as [SampleSource, ...SampleSource[]];
  const openRecording = recordingOf(config, checkedFrom, model, folder);
  const runner = {
    optimizer: optimizers.create(config.optimizer, undefined),
    merge: strategyFor(model, config),
    seed: config.seed,
    ...(config.guard.spike ? { spike: config.guard.spike } : {}),
  };
  const { evaluate, checkpoint, stream } = config;
  return {
    name: config.name,
    seed: config.seed,
    config,
    written,
    sources: checked,
    trained,
    read,
    model,
    runner,
    ...(newHeads ? { newHeads } : {}),
    engine: config.engine as EngineConfig,
    batches: (run) => batchesOf(config, checked, place, run),
    ...(openRecording ? { openRecording } : {}),
    ...(stream.steps === undefined ? {} : { steps: stream.steps }),
    ...(evaluate ? { evaluation: { from: evaluated, ...rhythm(evaluate), batchRows: evaluate.batch } } : {}),
    checkpoint: checkpointsOf(checkpoint),
    ...(config.metrics ? { metrics: config.metrics } : {}),
    directory: runFolder,
    deadLetter: config.deadLetter ?? join(runFolder, 'dead-letters.ndjson'),
    fitted: () => Object.fromEntries(read.map((name) => [name, (checked.get(name) as SampleSource).state()])),
    remarks: (located(new ConfigError(remarksOf(model, checked, config))) as ConfigError).issues,
    located,
  };
}

/** @throws ConfigError when heads are to be looked at that are not there, and will not be */
function checkPlateau({ heads }: ModelSpec, { evaluate, model }: PipelineConfig): void {
  const names = heads.map(({ name }) => name);
  const { heads: pattern } = model.heads.auto ? {} : (evaluate?.plateau ?? {});
  const issues = pattern === undefined ? [] : unmatchedIn('evaluate.plateau.heads', pattern, 'head', names);
  if (issues.length > 0) throw new ConfigError(issues);
}

/** @throws ConfigError when the strategy's options name heads that are not there */
function strategyFor({ heads }: ModelSpec, { merge }: PipelineConfig): MergeStrategy {
  const strategy = merges.create(merge, undefined);
  checkMerged(
    strategy,
    heads.map(({ name }) => name),
  );
  return strategy;
}

/** Lets the training sources' features learn what they need to, or go on with what they learned. */
async function fit(
  trained: readonly string[],
  sources: ReadonlyMap<string, SampleSource>,
  { fitted, onFit }: AssembleOptions,
  signal: AbortSignal,
): Promise<void> {
  for (const name of trained) {
    const source = sources.get(name) as SampleSource;
    if (fitted !== undefined) source.restore(stateOf(name, fitted));
    else if (source.needsFit) {
      onFit?.(name);
      await source.fit(signal);
    }
  }
}

function stateOf(name: string, fitted: Json): Json {
  const state = savedOf(name, fitted);
  if (state !== undefined) return state;
  throw new ConfigError({
    where: `sources.${name}`,
    expected: 'what its features learned in the run that is gone on with',
    found: formatValue(fitted),
  });
}

function checkpointsOf({ keep, keepEvery, everyMinutes, ...steps }: PipelineConfig['checkpoint']): CheckpointPlan {
  const timed = everyMinutes === undefined ? {} : { everyMs: 60_000 * everyMinutes };
  const { everyEpochs, everySteps } = steps;
  const isTimed = everyMinutes !== undefined && everyEpochs === undefined && everySteps === undefined;
  return { ...(isTimed ? {} : rhythm(steps)), ...timed, keep, ...(keepEvery === undefined ? {} : { keepEvery }) };
}

const savedOf = (name: string, fitted: Json | undefined): Json | undefined =>
  typeof fitted === 'object' && fitted !== null ? (Reflect.get(fitted, name) as Json | undefined) : undefined;

interface Rhythm {
  readonly everyEpochs?: number | undefined;
  readonly everySteps?: number | undefined;
}

/** After each epoch, when nothing was said. */
function rhythm({ everyEpochs, everySteps }: Rhythm): { readonly everyEpochs?: number; readonly everySteps?: number } {
  if (everyEpochs === undefined && everySteps === undefined) return { everyEpochs: 1 };
  return { ...(everyEpochs === undefined ? {} : { everyEpochs }), ...(everySteps === undefined ? {} : { everySteps }) };
}
