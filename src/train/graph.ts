import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ConfigError, type Issue } from '../core/error.ts';
import { checkNames } from '../merge/index.ts';
import { type Branch, knownBranches, type LossNode, lossOf, type Origin, type OutputOptions } from '../model/index.ts';
import type { TakeOptions } from '../step/flight.ts';
import type { SkippedStep, StepReport } from '../step/report.ts';
import type { PrequentialScores } from '../step/scored-window.ts';
import type { HeadSettings } from '../step/settings.ts';
import type { StepState } from '../step/state.ts';
import type { CompileOptions } from './compile-options.ts';
import {
  checkOptions,
  checkStep,
  Dataset,
  type DatasetOptions,
  type Features,
  type Labels,
  readInputs,
  type StepOptions,
} from './dataset.ts';
import { DescribedGraph } from './described.ts';
import { type OnnxOptions, toLayersModel, toOnnx } from './export.ts';
import { checkFit, type Epoch, epochs, type FitOptions } from './fit.ts';
import { Plan } from './plan.ts';
import { evaluation, type Named, type Prediction, predictions } from './predict.ts';
import { failOn } from './rows.ts';
import { goOn, loadState, saveState } from './save.ts';
import type { HeadScores } from './scores.ts';
import { Session } from './session.ts';
import { copyState } from './state-tensors.ts';

export type { CompileOptions } from './compile-options.ts';

/**
 * A model of many inputs and outputs, each output with an objective of its own, trained on whatever labels exist. What
 * is asked of a model with one output is answered plainly, and by name when it has several, be they trained or not;
 * epochs and reports are always by name.
 */
export class Graph extends DescribedGraph {
  readonly #session = new Session(() => this.describe());
  /** Calls of `fit` that have not ended. */
  #fitting = 0;

  /**
   * Makes a branch an output. With a loss it is a head that is trained; without, it is predicted. On a compiled graph
   * the others go on from where they are.
   * @returns the output's loss, for merging with others
   * @throws ConfigError when the name is in use or an option is wrong; ShapeError when the loss has no meaning there
   */
  output(name: string, origin: Origin, options: OutputOptions = {}): LossNode {
    this.#refuseWhileFitting('a change of the model');
    this.model.output(name, origin, options);
    this.#session.changed();
    return lossOf(name, options.weight);
  }

  /**
   * Removes an output, and frees what only it used; layers that you still have keep their weights, and may be made an
   * output again. The others go on from where they are.
   * @throws ConfigError when there is no such output
   */
  retire(name: string): void {
    this.#refuseWhileFitting('a change of the model');
    this.model.retire(name);
    this.#session.forget(name);
  }

  /**
   * Makes a weighted merge of losses the objective: its factors replace the outputs' weights; those not in it have 0.
   * @throws ConfigError when it is of an output that the graph does not have
   */
  minimise(loss: LossNode): this {
    this.#refuseWhileFitting('a change of the model');
    this.model.minimise(loss);
    for (const { name, objective } of this.model.outputs) if (objective) this.#session.weigh(name, objective.weight);
    return this;
  }

  /**
   * Says how the model is trained. The engine starts with the first step. Another learning rate, schedule, limit or
   * strategy of merging compiles nothing, and goes on with the optimizer's state; another optimizer begins anew.
   * @throws ConfigError with everything that is wrong with the options, when a loss does not go with its output, or when
   *   the strategy names heads that are not there
   */
  compile(options: CompileOptions): this {
    this.#refuseWhileFitting('a change of the model');
    const plan = new Plan(options);
    checkNames(
      plan.runner.merge,
      this.model.outputs.map(({ name }) => name),
    );
    if (this.model.giveLosses(options.loss)) this.#session.changed();
    this.#session.follow(plan);
    return this;
  }

  /** Factor of all learning rates, 1 unless set: holds from the next step on, and compiles nothing. No part of the state. */
  get learningRate(): number {
    return this.#session.settings.learningRate;
  }

  set learningRate(factor: number) {
    this.#session.settings.learningRate = factor;
  }

  /**
   * One step. Rows without any label take no part, unless `keepUnlabelled`; without any label at all nothing is trained.
   * Each number of rows that takes part is compiled once, and the last 16 programs are kept unless `engine` says otherwise.
   * Absent rows could not stand in for those left out: layers may look across rows, as batch normalisation does, and a sum
   * over more rows rounds otherwise. Where numbers vary, `fit` puts rows with labels together and meets two of them.
   * @returns the loss of the only output, or by name of each that was present; undefined when nothing was trained
   * @throws ShapeError with everything that does not fit the model; ConfigError when an option is wrong
   */
  async trainOnBatch<Losses extends number | Named<number> = Named<number>>(
    x: Features,
    y: Labels,
    options: StepOptions = {},
  ): Promise<Losses | undefined> {
    const report = await this.#take(x, y, options, {});
    if ('skipped' in report) return undefined;
    const losses = Object.fromEntries(Object.entries(report.heads).map(([head, { loss }]) => [head, loss]));
    return this.#onlyOrAll(losses) as Losses | undefined;
  }

  /** One step as `trainOnBatch` takes it, with all that it reports. @throws what `trainOnBatch` does */
  async step(x: Features, y: Labels, options: StepOptions = {}): Promise<StepReport | SkippedStep> {
    return this.#take(x, y, options, { scoreEverySteps: 1 });
  }

  /**
   * The metrics of the last labels of each output with `prequential`, each scored before it was trained on, as of the
   * last step that was asked for: of the only output, undefined when it is not scored, or by name.
   */
  async prequential<Scores extends PrequentialScores | Named<PrequentialScores> = Named<PrequentialScores>>(): Promise<
    Scores | undefined
  > {
    const scores = await this.#session.use((runner) => runner.between(() => runner.prequential()));
    return this.#onlyOrAll(scores) as Scores | undefined;
  }

  /**
   * Trains for some epochs. Until it has ended the model can't be changed; afterwards the layers have the trained weights.
   * @returns what each came to
   * @throws ConfigError when an option is wrong; ShapeError when samples don't fit the model, or none has a label
   */
  async fit(x: Features, y: Labels, options: FitOptions = {}): Promise<readonly Epoch[]> {
    checkFit(options);
    this.#fitting++;
    const ended = this.#session.use(async (runner) => {
      const history = await epochs(runner, new Dataset(runner.spec, runner.program.heads, x, y, options), options);
      await runner.between(() => runner.pull());
      return history;
    });
    return ended.finally(() => this.#fitting--);
  }

  /**
   * Losses and metrics over the labelled rows: of the only output, or by name.
   * @throws ConfigError when an option is wrong; ShapeError with everything that does not fit the model
   */
  async evaluate<Scores extends HeadScores | Named<HeadScores> = Named<HeadScores>>(
    x: Features,
    y: Labels,
    options: DatasetOptions = {},
  ): Promise<Scores> {
    checkOptions(options, 'options');
    const scores = await this.#session.use(async (runner) =>
      evaluation(runner, new Dataset(runner.spec, runner.program.heads, x, y, options)),
    );
    return this.#onlyOrAll(scores) as Scores;
  }

  /**
   * What is predicted for these samples: by the only output, or by name.
   * @throws ShapeError with everything that does not fit the model
   */
  async predict<Predictions extends Prediction | Named<Prediction> = Named<Prediction>>(
    x: Features,
  ): Promise<Predictions> {
    const found = await this.#session.use(async (runner) => {
      const issues: Issue[] = [];
      const inputs = readInputs(runner.spec, x, issues);
      failOn(issues);
      if (inputs.rows === 0) failOn([{ where: 'predict', expected: 'one sample or more', found: 'no rows' }]);
      return predictions(runner, inputs);
    });
    return this.#onlyOrAll(found) as Predictions;
  }

  /**
   * A head's weight, learning-rate factor and whether it is frozen, until it is retired: changes compile nothing.
   * @throws ConfigError when no head of that name is trained
   */
  async head(name: string): Promise<HeadSettings> {
    return this.#session.use(async (runner) => runner.head(name));
  }

  /**
   * Keeps the parameters and moving statistics of branches as they are, from the next step on. Batch normalisation in them
   * uses its moving statistics then, as when predicting.
   * @throws ConfigError naming branches that the model does not have
   */
  freeze(...branches: readonly (string | Branch)[]): this {
    for (const branch of knownBranches(this.describe(), branches)) this.#session.settings.frozen.add(branch);
    return this;
  }

  /**
   * Lets branches that were frozen move again, from the next step on, with the optimizer's state of then.
   * @throws ConfigError naming all that are not among the model's
   */
  unfreeze(...branches: readonly (string | Branch)[]): this {
    for (const branch of knownBranches(this.describe(), branches)) this.#session.settings.frozen.delete(branch);
    return this;
  }

  /** What a run continues from, after the steps that were asked for: copies. */
  async state(): Promise<StepState> {
    return this.#session.use((runner) => runner.between(() => copyState(runner.state())));
  }

  /**
   * Goes on from a state that was taken from a graph with the same names, after the steps that were asked for. What the
   * state does not name is as before the first step.
   * @throws ConfigError when a parameter is missing or of another size, or the optimizer is another: all stays as it is
   */
  async restore(state: StepState): Promise<void> {
    await this.#session.use((runner) => runner.between(() => goOn(runner, state)));
  }

  /**
   * Takes over what a state has of this model, such as the trunk of another one; all else stays as it is.
   * @throws ConfigError when a parameter is of another size: all stays as it is
   */
  async adopt(part: Partial<StepState>): Promise<void> {
    await this.#session.use((runner) => runner.between(() => runner.adopt(part)));
  }

  /** Writes what a run continues from into a directory. @throws ConfigError when the directory holds anything else */
  async save(directory: string): Promise<void> {
    const [state, spec] = await this.#session.use((runner) =>
      runner.between(() => [copyState(runner.state()), runner.spec] as const),
    );
    await saveState(directory, state, spec);
  }

  /**
   * Goes on from what `save` wrote, bit for bit, in a graph that was built by the same program and is compiled with the
   * same optimizer. Its options may be others; to go on with another optimizer, which begins anew, compile with it afterwards.
   * @throws ConfigError when a file is missing or damaged, of another optimizer, or of another model, with the first line
   *   that differs
   */
  async load(directory: string): Promise<void> {
    this.#refuseWhileFitting('load');
    await this.#session.use(async (runner) => {
      const state = await loadState(directory, runner.spec);
      await runner.between(() => goOn(runner, state));
    });
  }

  /** The model as a plain LayersModel with the weights of now: see `toLayersModel`. To be called between steps. */
  toLayersModel(): LayersModel {
    this.#session.runner?.pull();
    return toLayersModel(this.describe());
  }

  /** The model as an ONNX file with the weights of now: see `toOnnx`. To be called between steps. */
  toOnnx(options?: OnnxOptions): Uint8Array {
    this.#session.runner?.pull();
    return toOnnx(this.describe(), options);
  }

  /** Stops the engine and frees its memory. The trained values are in the layers; a later call goes on from here. */
  async close(): Promise<void> {
    this.#refuseWhileFitting('close');
    await this.#session.close();
  }

  async #take(x: Features, y: Labels, options: StepOptions, asked: TakeOptions): Promise<StepReport | SkippedStep> {
    const { keepUnlabelled, ...known } = checkStep(options);
    return this.#session.use(async (runner) =>
      runner.take(new Dataset(runner.spec, runner.program.heads, x, y, known), { keepUnlabelled, ...asked }),
    );
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
}
