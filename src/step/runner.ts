import type { TypedArray } from '../core/dtype.ts';
import type { Engine, PreparedStep, Trainer } from '../engine/trainer.ts';
import type { StepSettings } from '../engine/update.ts';
import type { ModelSpec, ParameterGroup } from '../model/spec.ts';
import type { InputSpecs } from '../trace/record.ts';
import { type Batch, checkBatch, countLabels } from './batch.ts';
import { fillBatch } from './fill.ts';
import { Flights, type TakeOptions, type Work } from './flight.ts';
import { Inference } from './inference.ts';
import { labelledRows } from './labelled-rows.ts';
import { LeftOut } from './left-out.ts';
import { Memory } from './memory.ts';
import { Prequential } from './prequential.ts';
import { ModelProgram } from './program.ts';
import { reportOf, type SkippedStep, type StepReport } from './report.ts';
import { RunState } from './run-state.ts';
import { type Forgotten, type RunnerOptions, runsAhead } from './runner-options.ts';
import type { PrequentialScores } from './scored-window.ts';
import { type HeadSettings, Settings } from './settings.ts';
import type { StepState } from './state.ts';

export type { RunnerOptions } from './runner-options.ts';

/** Takes gradient steps with a model: presence, denominators, weights, rates and clocks of every head. */
export class StepRunner {
  /** The model that is trained. */
  readonly spec: ModelSpec;
  /** Its functions of a batch, as the engine compiles them. */
  readonly program: ModelProgram;
  /** What slots and clocks are of. */
  readonly optimizer: string;
  /** Runtime inputs: changing one compiles nothing. */
  readonly runtime: Settings;
  /** Those by head. */
  readonly settings: ReadonlyMap<string, HeadSettings>;
  /** Branches whose parameters and moving statistics stay as they are. */
  readonly frozen: Set<string>;
  readonly #state: RunState;
  readonly #trainer: Trainer;
  readonly #groups: readonly ParameterGroup[];
  readonly #memory: Memory;
  #slot = 0;
  #last: Promise<unknown> = Promise.resolve();
  readonly #inference: Inference;
  readonly #spike: RunnerOptions['spike'];
  #clip: StepSettings['clip'];
  #ahead: boolean;
  readonly #flights: Flights;
  readonly #prequential: Prequential;
  #launched: Promise<void> = Promise.resolve();
  /** Until when each slot is in use. */
  readonly #slots: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()];
  /** What the last batch was prepared for. No other program was asked for since, so that it is still there. */
  #ready: { readonly specs: InputSpecs; readonly prepared: Promise<PreparedStep> } | undefined;

  private constructor(
    program: ModelProgram,
    groups: readonly ParameterGroup[],
    trainer: Trainer,
    options: RunnerOptions,
  ) {
    this.spec = program.spec;
    this.program = program;
    this.#groups = groups;
    this.#trainer = trainer;
    const { merge, optimizer, spike, settings = new Settings() } = options;
    this.#inference = new Inference(program, trainer);
    this.#ahead = runsAhead(options);
    this.optimizer = optimizer.kernel.type;
    this.#clip = optimizer.clip;
    this.#spike = spike;
    this.#memory = new Memory(merge, optimizer.schedule, spike);
    this.#prequential = new Prequential(program.heads);
    settings.begin(program.heads);
    this.runtime = settings;
    this.settings = settings.heads;
    this.frozen = settings.frozen;
    this.#flights = new Flights({ program, trainer, groups, memory: this.#memory, clip: () => this.#clip, settings });
    this.#state = new RunState({
      program,
      groups,
      trainer,
      optimizer: optimizer.kernel.type,
      settings,
      memory: this.#memory,
      flights: this.#flights,
      prequential: this.#prequential,
    });
  }

  /** Factor of all learning rates, 1 unless set: a runtime input, and no part of the state. */
  get learningRate(): number {
    return this.runtime.learningRate;
  }

  set learningRate(value: number) {
    this.runtime.learningRate = value;
  }

  /** Readies a model for training, from what its variables hold. @throws EngineError, ConfigError or ShapeError */
  static async open(spec: ModelSpec, engine: Engine, options: RunnerOptions): Promise<StepRunner> {
    const { fuse = true, merge, spike } = options;
    const asked = { fuse, gradients: merge.needsGradients, limits: spike !== undefined };
    const { program = new ModelProgram(spec, asked) } = options;
    const groups = spec.groups.filter(({ heads }) => heads.length > 0);
    const trainer = await engine.train({
      step: program.train,
      groups: groups.map(({ name, branch, parameters }) => ({
        name,
        variables: parameters.map(({ variable }) => variable),
        clippedWith: branch,
      })),
      optimizer: options.optimizer.kernel,
      seed: options.seed,
      ...(program.partings.length > 0 ? { perHead: 'activations' as const } : {}),
    });
    return new StepRunner(program, groups, trainer, options);
  }

  /**
   * Takes one step. A second one may be asked for before the first has settled: its batch is written meanwhile.
   * A head whose loss or gradient is not finite is left out, and the step taken without it. Rows without any label take
   * no part unless they are to be kept, and a batch without any label is no step.
   * @throws ShapeError when the batch does not fit the model
   */
  async take(given: Batch, options: TakeOptions = {}): Promise<StepReport | SkippedStep> {
    checkBatch(this.spec, this.program.byName, given);
    const counts = countLabels(given.labels);
    if (counts.size === 0) return { skipped: 'unlabelled', rows: given.rows, rejected: {} };
    const { batch, took } = options.keepUnlabelled ? { batch: given } : labelledRows(given);
    const [slot, turn] = [this.#slot, this.#last];
    this.#slot = 1 - slot;
    const rows = { dropped: given.rows - batch.rows, ...(took ? { took } : {}) };
    const taken = this.#inTurn(batch, options, slot, turn, { counts, ...rows });
    this.#last = taken.catch(() => {});
    this.#slots[slot] = this.#last;
    return taken;
  }

  async #inTurn(
    batch: Batch,
    { points = false, oneHead = false, scoreEverySteps, ended }: TakeOptions,
    slot: number,
    turn: Promise<unknown>,
    known: Pick<Work, 'counts' | 'dropped' | 'took'>,
  ): Promise<StepReport | SkippedStep> {
    const before = this.#launched;
    let launched = (): void => {};
    this.#launched = new Promise((resolve) => {
      launched = resolve;
    });
    try {
      const free = this.#slots[slot];
      const prepared = await this.#prepare(this.program.specs(this.program.form(batch, points), 'train'));
      await free;
      const started = performance.now();
      const refill = (): void => fillBatch(prepared.slots[slot] ?? {}, this.program, this.program.groups, batch);
      refill();
      const assembleMs = performance.now() - started;
      await (this.#ahead ? before : turn);
      const { rows, labels } = batch;
      const asked = { points, oneHead, scoreEverySteps };
      const work = { prepared, slot, rows, labels, ...known, ...asked, refill, assembleMs };
      const report = await this.#step(work, turn, launched);
      await ended?.(report);
      return report;
    } finally {
      launched();
    }
  }

  #prepare(specs: InputSpecs): Promise<PreparedStep> {
    if (this.#ready?.specs === specs) return this.#ready.prepared;
    const ready = { specs, prepared: this.#trainer.prepare(specs) };
    this.#ready = ready;
    ready.prepared.catch(() => {
      if (this.#ready === ready) this.#ready = undefined;
    });
    return ready.prepared;
  }

  /**
   * Takes a step, without the heads that turn out bad. It may be launched before it is known what became of the step
   * before (`turn`); when that was not taken, this one was held, and is launched again after it.
   */
  async #step(work: Work, turn: Promise<unknown>, launched: () => void): Promise<StepReport | SkippedStep> {
    const { rows, counts } = work;
    const leftOut = new LeftOut(this.program, this.#groups, this.#memory);
    for (;;) {
      const heads = this.program.heads.filter(({ name }) => counts.has(name) && !leftOut.has(name));
      if (heads.length === 0) return leftOut.skipped(rows);
      const flight = this.#flights.launch(work, heads);
      // A step that follows another may be held: those after it wait until it can't be any more.
      if (flight.settings.following) void turn.then(() => flight.recalled || launched());
      else launched();
      const taken = await flight.taken.catch((error) => {
        this.#flights.recall(flight);
        throw error;
      });
      if (taken.nonFinite.length === 0 && !taken.held) {
        this.#flights.land(flight);
        const losses = flight.pending.map(({ name }) => this.program.lossIn(taken.outputs, name));
        this.#memory.observe(flight.pending, losses, flight.moved);
        this.#prequential.add(this.program, work.labels, taken.outputs, flight.pending);
        const isDue = work.scoreEverySteps !== undefined && flight.step % work.scoreEverySteps === 0;
        const scores = isDue && this.scoresHeads ? { prequential: this.prequential() } : {};
        return reportOf(this.program, this.#groups, { work, flight, taken, losses, ...leftOut.told(), ...scores });
      }
      this.#flights.recall(flight);
      if (taken.held) await turn;
      else leftOut.add(taken, flight.pending);
      // Whoever takes the turn now was left out of what was written, as one of those without a turn.
      if (work.oneHead) work.refill();
    }
  }

  /**
   * What every output predicts for these rows, by name: copies.
   * @throws ShapeError when the rows do not fit the model
   */
  predict(rows: number, inputs: Batch['inputs']): Promise<Readonly<Record<string, TypedArray>>> {
    return this.#inference.predict({ rows, inputs, labels: {} });
  }

  /** Each row's loss and best guesses, `loss/<head>` and `point/<head>`: copies. @throws ShapeError as `predict` */
  evaluate(batch: Batch): Promise<Readonly<Record<string, TypedArray>>> {
    return this.#inference.evaluate(batch);
  }

  /** Whether any head is scored while it trains. */
  get scoresHeads(): boolean {
    return this.#prequential.isOn;
  }

  /**
   * Of every head with `prequential`: the metrics of its last labels, each scored before it was trained on, as of the
   * last step that has ended. To be called between steps.
   */
  prequential(): Readonly<Record<string, PrequentialScores>> {
    return this.#prequential.scores();
  }

  /** Does something when the steps that were asked for have ended, and before a later one is begun. */
  between<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const done = this.#last.then(work);
    const ended = done.then(
      () => {},
      () => {},
    );
    this.#last = ended;
    this.#launched = ended;
    return done;
  }

  /** Follows another schedule, limits and strategy from the next step on: nothing is compiled. To be called between steps. */
  retune({ optimizer, merge }: Pick<RunnerOptions, 'optimizer' | 'merge'>, forget: Forgotten): void {
    this.#clip = optimizer.clip;
    this.#ahead = runsAhead({ optimizer, merge, ...(this.#spike ? { spike: this.#spike } : {}) });
    this.#memory.retune(merge, optimizer.schedule, forget);
  }

  /** What a run continues from. Arrays are views: copy what is to be kept. To be called between steps. */
  state(): StepState {
    return this.#state.read();
  }

  /** Goes on from a state alone, between steps: see `RunState`. @throws ConfigError, EngineError when a size differs */
  restore(state: StepState): void {
    this.#state.replace(state);
  }

  /** Takes over what a state names, between steps, and no more. @throws ConfigError, EngineError when a size differs */
  adopt(part: Partial<StepState>): void {
    this.#state.adopt(part);
  }

  /** Copies the trained values into the model's variables. */
  pull(): void {
    this.#trainer.pull();
  }

  /**
   * The settings of a head, for changing.
   * @throws ConfigError when no head of that name is trained
   */
  head(name: string): HeadSettings {
    return this.runtime.head(name);
  }

  /** Frees what the engine holds for the model, once the steps asked for have ended. Variables stay as last pulled. */
  async close(): Promise<void> {
    await this.#last;
    await this.#inference.ended();
    await this.#trainer.close();
  }
}
