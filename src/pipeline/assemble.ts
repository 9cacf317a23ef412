import { join } from 'node:path';
import type { Observable } from 'rxjs';
import type { Json } from '../core/chunk.ts';
import { placeOf } from '../core/config.ts';
import { ConfigError, type Issue } from '../core/error.ts';
import { formatValue } from '../core/format.ts';
import type { EngineConfig } from '../engine/index.ts';
import { merges } from '../merge/index.ts';
import type { ModelSpec } from '../model/index.ts';
import { optimizers } from '../optimizer/index.ts';
import type { SampleSource } from '../source/index.ts';
import type { RunnerOptions } from '../step/runner.ts';
import type { StreamBatch } from '../stream/item.ts';
import { checkAlike, checkNames, remarksOf, withLabels } from './agree.ts';
import type { LoadedPipeline } from './load.ts';
import { buildModel } from './model/build.ts';
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
  readonly model: ModelSpec;
  readonly runner: RunnerOptions;
  readonly engine: EngineConfig;
  /** The batches to take steps with: each subscription begins anew, or goes on from a state. */
  batches(run?: StreamRun): Observable<StreamBatch>;
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
  /** How many are kept. */
  readonly keep: number;
}

export interface AssembleOptions {
  /** What an earlier run's features and labels learned: then the training sources are not looked at first. */
  readonly fitted?: Json;
  /** Told before a source is looked at from beginning to end, which may take a while. */
  readonly onFit?: (source: string) => void;
  /** Where relative paths begin; the working directory when left out. */
  readonly folder?: string;
  readonly signal?: AbortSignal;
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
  const { signal = new AbortController().signal, folder } = options;
  const trained = [...partsOf(config.stream).keys()];
  const evaluated = [config.evaluate?.from ?? []].flat();
  checkNames(config);
  const opened = await new Sources(config.sources, folder === undefined ? {} : { folder }).open(
    [...new Set([...trained, ...evaluated])],
    signal,
  );
  const samples = new Map([...opened].map(([name, source]) => [name, source.samples]));
  await fit(trained, samples, options, signal);
  checkAlike(trained, evaluated, samples);
  const first = samples.get(trained[0] as string) as SampleSource;
  const labels = [...new Set(trained.flatMap((name) => samples.get(name)?.heads ?? []))];
  const where = (path: readonly PropertyKey[]): string => placeOf(path, 'model');
  const model = buildModel(config.model, { inputs: first.inputs, labels, seed: config.seed, where });
  const checked = withLabels(model, samples);
  const runner = {
    optimizer: optimizers.create(config.optimizer, undefined),
    merge: merges.create(config.merge, undefined),
    seed: config.seed,
  };
  const directory = config.checkpoint.directory ?? join('runs', config.name);
  const { evaluate, checkpoint, stream } = config;
  return {
    name: config.name,
    seed: config.seed,
    config,
    written,
    sources: checked,
    trained,
    model,
    runner,
    engine: config.engine as EngineConfig,
    batches: (run) => batchesOf(stream, checked, config.seed, run),
    ...(stream.steps === undefined ? {} : { steps: stream.steps }),
    ...(evaluate ? { evaluation: { from: evaluated, ...rhythm(evaluate), batchRows: evaluate.batch } } : {}),
    checkpoint: { ...rhythm(checkpoint), keep: checkpoint.keep },
    ...(config.metrics ? { metrics: config.metrics } : {}),
    directory,
    deadLetter: config.deadLetter ?? join(directory, 'dead-letters.ndjson'),
    fitted: () => Object.fromEntries(trained.map((name) => [name, (checked.get(name) as SampleSource).state()])),
    remarks: (located(new ConfigError(remarksOf(model, first.inputs, config))) as ConfigError).issues,
    located,
  };
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
  const state =
    typeof fitted === 'object' && fitted !== null ? (Reflect.get(fitted, name) as Json | undefined) : undefined;
  if (state !== undefined) return state;
  throw new ConfigError({
    where: `sources.${name}`,
    expected: 'what its features learned in the run that is gone on with',
    found: formatValue(fitted),
  });
}

interface Rhythm {
  readonly everyEpochs?: number | undefined;
  readonly everySteps?: number | undefined;
}

/** After each epoch, when nothing was said. */
function rhythm({ everyEpochs, everySteps }: Rhythm): { readonly everyEpochs?: number; readonly everySteps?: number } {
  if (everyEpochs === undefined && everySteps === undefined) return { everyEpochs: 1 };
  return { ...(everyEpochs === undefined ? {} : { everyEpochs }), ...(everySteps === undefined ? {} : { everySteps }) };
}
