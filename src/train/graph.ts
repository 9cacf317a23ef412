import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ConfigError, type Issue } from '../core/error.ts';
import { ignoreEvents } from '../core/event.ts';
import { openEngine } from '../engine/index.ts';
import type { Engine } from '../engine/trainer.ts';
import {
  type Branch,
  knownBranches,
  type LossNode,
  lossOf,
  type Origin,
  type OutputOptions,
  objectiveOf,
} from '../model/index.ts';
import type { HeadSettings } from '../step/flight.ts';
import type { SkippedStep, StepReport } from '../step/report.ts';
import { StepRunner } from '../step/runner.ts';
import type { StepState } from '../step/state.ts';
import { type CompileOptions, lossesByOutput, runnerOptions } from './compile-options.ts';
import { checkOptions, Dataset, type DatasetOptions, type Features, type Labels, readInputs } from './dataset.ts';
import { DescribedGraph } from './described.ts';
import { type OnnxOptions, toLayersModel, toOnnx } from './export.ts';
import { checkFit, type Epoch, epochs, type FitOptions } from './fit.ts';
import { evaluation, type Named, type Prediction, predictions } from './predict.ts';
import { failOn } from './rows.ts';
import { assignParameters, loadState, saveState } from './save.ts';
import type { HeadScores } from './scores.ts';
import { copyState } from './state-tensors.ts';

export type { CompileOptions } from './compile-options.ts';

/** A model of many inputs and outputs, each output with an objective of its own, trained on whatever labels exist. */
export class Graph extends DescribedGraph {
  #compiled: CompileOptions | undefined;
  #engine: Engine | undefined;
  #runner: StepRunner | undefined;
  /** Whether the model changed since the runner was opened. */
  #stale = false;
  /** What the next runner goes on from, instead of where the one before it was. */
  #loaded: StepState | undefined;
  #opening: Promise<unknown> = Promise.resolve();
  #frozen: ReadonlySet<string> = new Set<string>();
  /** State of a graph that was closed: the next call goes on from it. */
  #kept: StepState | undefined;
  /** Calls of `fit` that have not ended. */
  #fitting = 0;

  /**
   * Makes a branch an output. With a loss it is a head that is trained; without, it is predicted. On a compiled graph
   * the others go on from where they are.
   * @returns the output's loss, for merging with others
   * @throws ConfigError when the name is in use or an option is wrong; ShapeError when the loss has no meaning there
   */
  output(name: string, origin: Origin, options: OutputOptions = {}): LossNode {
    this.model.output(name, origin, options);
    this.#changed();
    return lossOf(name, options.weight);
  }

  /** Removes an output, and frees what only it used. The others go on from where they are. */
  retire(name: string): void {
    this.model.retire(name);
    this.#changed();
  }

  /** Makes a weighted merge of losses the objective: its factors replace the outputs' weights; those not in it have 0. */
  minimise(loss: LossNode): this {
    this.model.minimise(loss);
    this.#changed();
    return this;
  }

  /** Says how the model is trained. The engine starts with the first step. */
  compile(options: CompileOptions): this {
    runnerOptions(options);
    this.#giveLosses(options.loss);
    this.#compiled = options;
    this.#changed();
    return this;
  }

  /** One step. @returns the loss of the only head, or of each that was present; undefined when nothing was trained */
  async trainOnBatch<Losses extends number | Named<number> = Named<number>>(
    x: Features,
    y: Labels,
    options: DatasetOptions = {},
  ): Promise<Losses | undefined> {
    const report = await this.step(x, y, options);
    if ('skipped' in report) return undefined;
    const losses = Object.fromEntries(Object.entries(report.heads).map(([head, { loss }]) => [head, loss]));
    const trained = this.model.outputs.filter(({ objective }) => objective);
    return (trained.length === 1 ? losses[trained[0]?.name as string] : losses) as Losses | undefined;
  }

  /** One step, with all that it reports. */
  async step(x: Features, y: Labels, options: DatasetOptions = {}): Promise<StepReport | SkippedStep> {
    checkOptions(options, 'options');
    const runner = await this.#running();
    return runner.take(new Dataset(runner.spec, runner.program.heads, x, y, options));
  }

  /** Trains for some epochs. Afterwards the layers have the trained weights. @returns what each came to */
  async fit(x: Features, y: Labels, options: FitOptions = {}): Promise<readonly Epoch[]> {
    checkFit(options);
    const runner = await this.#running();
    const data = new Dataset(runner.spec, runner.program.heads, x, y, options);
    this.#fitting++;
    const history = await epochs(runner, data, options).finally(() => this.#fitting--);
    runner.pull();
    return history;
  }

  /** Losses and metrics over the labelled rows: of the only head, or by name. */
  async evaluate<Scores extends HeadScores | Named<HeadScores> = Named<HeadScores>>(
    x: Features,
    y: Labels,
    options: DatasetOptions = {},
  ): Promise<Scores> {
    checkOptions(options, 'options');
    const runner = await this.#running();
    const data = new Dataset(runner.spec, runner.program.heads, x, y, options);
    return this.#onlyOrAll(await evaluation(runner, data)) as Scores;
  }

  /** What is predicted for these samples: by the only output, or by name. */
  async predict<Predictions extends Prediction | Named<Prediction> = Named<Prediction>>(
    x: Features,
  ): Promise<Predictions> {
    const runner = await this.#running();
    const issues: Issue[] = [];
    const inputs = readInputs(runner.spec, x, issues);
    failOn(issues);
    return this.#onlyOrAll(await predictions(runner, inputs)) as Predictions;
  }

  /** A head's weight, learning-rate factor and whether it is frozen: changing them compiles nothing. */
  async head(name: string): Promise<HeadSettings> {
    return (await this.#running()).head(name);
  }

  /** Keeps the parameters and moving statistics of branches as they are. */
  freeze(...branches: readonly (string | Branch)[]): this {
    this.#frozen = new Set([...this.#frozen, ...knownBranches(this.describe(), branches)]);
    return this;
  }

  unfreeze(...branches: readonly (string | Branch)[]): this {
    const thawed = new Set(knownBranches(this.describe(), branches));
    this.#frozen = new Set([...this.#frozen].filter((branch) => !thawed.has(branch)));
    return this;
  }

  /** What a run continues from: copies. */
  async state(): Promise<StepState> {
    return copyState((await this.#running()).state());
  }

  /** Goes on from a state that was taken from a graph with the same names. */
  async restore(state: StepState): Promise<void> {
    (await this.#running()).restore(state);
    this.#frozen = new Set(state.frozen);
  }

  /** Writes what a run continues from into a directory: see `saveState`. */
  async save(directory: string): Promise<void> {
    const runner = await this.#running();
    await saveState(directory, runner.state(), runner.spec);
  }

  /** Goes on from what `save` wrote, bit for bit, in a graph that was built by the same program: see `loadState`. */
  async load(directory: string): Promise<void> {
    this.#loaded = await loadState(directory, (await this.#running()).spec);
    this.#changed();
    await this.#running();
  }

  /** The model as a plain LayersModel with the weights of now: see `toLayersModel`. */
  toLayersModel(): LayersModel {
    this.#runner?.pull();
    return toLayersModel(this.describe());
  }

  /** The model as an ONNX file with the weights of now: see `toOnnx`. */
  toOnnx(options?: OnnxOptions): Uint8Array {
    this.#runner?.pull();
    return toOnnx(this.describe(), options);
  }

  /** Stops the engine and frees its memory. The trained values are in the layers; a later call goes on from here. */
  async close(): Promise<void> {
    this.#refuseWhileFitting('close');
    this.#kept = this.#runner && copyState(this.#runner.state());
    this.#runner?.pull();
    await this.#runner?.close();
    await this.#engine?.close();
    this.#runner = undefined;
    this.#engine = undefined;
  }

  #refuseWhileFitting(found: string): void {
    if (this.#fitting > 0)
      throw new ConfigError({ where: 'graph', expected: 'nothing of it until fit has ended', found });
  }

  /** What belongs to the only output, or everything by name. */
  #onlyOrAll<T>(byName: Named<T>): T | Named<T> {
    const [only, ...others] = this.model.outputs;
    return only && others.length === 0 ? (byName[only.name] as T) : byName;
  }

  #giveLosses(loss: CompileOptions['loss']): void {
    const without = this.model.outputs.filter(({ objective }) => !objective).map(({ name }) => name);
    for (const [name, given] of lossesByOutput(loss, without)) {
      this.model.find(name);
      const objective = given && objectiveOf(name, { loss: given });
      if (objective) this.model.objective(name, objective);
    }
  }

  /** The model is another now: the next call goes on with it. */
  #changed(): void {
    this.#refuseWhileFitting('a change of the model');
    this.#stale = true;
  }

  #running(): Promise<StepRunner> {
    const opened = this.#opening.then(() => this.#open());
    this.#opening = opened.catch(() => {});
    return opened;
  }

  async #open(): Promise<StepRunner> {
    const compiled = this.#compiled;
    if (!compiled)
      throw new ConfigError({
        where: 'graph',
        expected: 'compile before training or predicting',
        found: 'a graph that was not compiled',
        hint: "graph.compile({ optimizer: 'adam' })",
      });
    if (!this.#runner || this.#stale) this.#runner = await this.#replace(compiled, this.#runner);
    this.#stale = false;
    this.#runner.frozen.clear();
    for (const branch of this.#frozen) this.#runner.frozen.add(branch);
    return this.#runner;
  }

  /** A runner for the model as it is, which goes on where the one before it was. */
  async #replace(compiled: CompileOptions, before: StepRunner | undefined): Promise<StepRunner> {
    const { engine, events = ignoreEvents } = compiled;
    const spec = this.describe();
    this.#engine ??= await openEngine(engine, { events });
    const loaded = this.#loaded;
    const state = loaded ?? this.#kept ?? (before && { ...copyState(before.state()), settings: {} });
    before?.pull();
    if (loaded) assignParameters(spec, loaded);
    const runner = await StepRunner.open(spec, this.#engine, runnerOptions(compiled));
    if (state) runner.restore(state);
    if (before && !loaded) runner.keepSettings(before);
    if (loaded) this.#frozen = new Set(loaded.frozen);
    await before?.close();
    this.#loaded = undefined;
    this.#kept = undefined;
    return runner;
  }
}
