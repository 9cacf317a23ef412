import { tensor } from '@tensorflow/tfjs-core';
import type { TypedArray } from '../core/dtype.ts';
import { ConfigError } from '../core/error.ts';
import { didYouMean } from '../core/suggest.ts';
import type { Engine, PreparedStep, Trainer } from '../engine/trainer.ts';
import type { MergeStrategy } from '../merge/index.ts';
import type { ModelSpec, ParameterGroup } from '../model/spec.ts';
import type { Optimizer } from '../optimizer/index.ts';
import type { InputSpecs } from '../trace/record.ts';
import { type Batch, checkBatch, countLabels } from './batch.ts';
import { blamed } from './blame.ts';
import { fillBatch } from './fill.ts';
import { Flights, HeadSettings, type Work } from './flight.ts';
import { Memory } from './memory.ts';
import { ModelProgram } from './program.ts';
import { reportOf, type SkippedStep, type StepReport } from './report.ts';
import type { StepState } from './state.ts';

export interface RunnerOptions {
  readonly optimizer: Optimizer;
  readonly merge: MergeStrategy;
  /** Whether heads that are alike are computed together: faster, the same to rounding. true when left out. */
  readonly fuse?: boolean;
  /** Seed of random masks. */
  readonly seed: number;
  /** Computes the model's batches in another way than node by node, for the same inputs and outputs. */
  readonly program?: ModelProgram;
}

/** Takes gradient steps with a model: presence, denominators, weights, rates and clocks of every head. */
export class StepRunner {
  readonly spec: ModelSpec;
  readonly program: ModelProgram;
  /** Runtime inputs by head: changing one compiles nothing. */
  readonly settings: ReadonlyMap<string, HeadSettings>;
  /** Branches whose parameters and moving statistics stay as they are. */
  readonly frozen = new Set<string>();
  readonly #trainer: Trainer;
  readonly #groups: readonly ParameterGroup[];
  readonly #memory: Memory;
  #slot = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** Whether a step may be launched before it is known what became of the one before it. */
  readonly #ahead: boolean;
  readonly #flights: Flights;
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
    const { merge, optimizer } = options;
    this.#ahead = !merge.remembers && !merge.needsGradients && !optimizer.schedule.remembers;
    this.#memory = new Memory(options.merge, options.optimizer.schedule);
    this.settings = new Map(program.heads.map(({ name, objective }) => [name, new HeadSettings(name, objective)]));
    this.#flights = new Flights({
      program,
      trainer,
      groups,
      memory: this.#memory,
      clip: optimizer.clip,
      settings: this.settings,
      frozen: this.frozen,
    });
  }

  /** Factor of all learning rates, 1 unless set: a runtime input, and no part of the state. */
  get learningRate(): number {
    return this.#flights.learningRate;
  }

  set learningRate(value: number) {
    this.#flights.learningRate = value;
  }

  /** @throws EngineError, ConfigError or ShapeError when the engine does not take the model */
  static async open(spec: ModelSpec, engine: Engine, options: RunnerOptions): Promise<StepRunner> {
    const { fuse = true, merge } = options;
    const { program = new ModelProgram(spec, { fuse, gradients: merge.needsGradients }) } = options;
    const groups = spec.groups.filter(({ heads }) => heads.length > 0);
    const trainer = await engine.train({
      step: program.train,
      groups: groups.map(({ name, parameters }) => ({ name, variables: parameters.map(({ variable }) => variable) })),
      optimizer: options.optimizer.kernel,
      seed: options.seed,
      ...(program.partings.length > 0 ? { perHead: 'activations' as const } : {}),
    });
    return new StepRunner(program, groups, trainer, options);
  }

  /**
   * Takes one step. A second one may be asked for before the first has settled: its batch is written meanwhile.
   * A head whose loss or gradient is not finite is left out, and the step taken without it.
   * @throws ShapeError when the batch does not fit the model
   */
  async take(batch: Batch, { points = false }: { readonly points?: boolean } = {}): Promise<StepReport | SkippedStep> {
    checkBatch(this.spec, this.program.byName, batch);
    const counts = countLabels(batch.labels);
    if (counts.size === 0) return { skipped: 'unlabelled', rows: batch.rows, rejected: {} };
    const [slot, turn] = [this.#slot, this.#last];
    this.#slot = 1 - slot;
    const taken = this.#inTurn(batch, points, slot, turn, counts);
    this.#last = taken.catch(() => {});
    this.#slots[slot] = this.#last;
    return taken;
  }

  async #inTurn(
    batch: Batch,
    points: boolean,
    slot: number,
    turn: Promise<unknown>,
    counts: ReadonlyMap<string, number>,
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
      fillBatch(prepared.slots[slot] ?? {}, this.program, this.program.groups, batch);
      const assembleMs = performance.now() - started;
      await (this.#ahead ? before : turn);
      return await this.#step({ prepared, slot, rows: batch.rows, counts, assembleMs }, turn, launched);
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
    const rejected: Record<string, string> = {};
    for (;;) {
      const heads = this.program.heads.filter(({ name }) => counts.has(name) && !(name in rejected));
      if (heads.length === 0) return { skipped: 'notFinite', rows, rejected };
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
        return reportOf(this.program, this.#groups, { work, flight, taken, losses, rejected });
      }
      this.#flights.recall(flight);
      if (taken.held) await turn;
      const names = flight.pending.map(({ name }) => name);
      const bad = taken.held ? [] : blamed(taken, this.program, this.#groups, names);
      for (const [head, reason] of bad) rejected[head] = reason;
    }
  }

  /**
   * What every output predicts for these rows, by name: views that hold until the next call.
   * @throws ShapeError when the rows do not fit the model
   */
  async predict(rows: number, inputs: Batch['inputs']): Promise<Readonly<Record<string, TypedArray>>> {
    const batch: Batch = { rows, inputs, labels: {} };
    checkBatch(this.spec, this.program.byName, batch);
    const prepared = await this.#trainer.infer(
      this.program.predict,
      this.program.specs(this.program.form(batch), 'predict'),
    );
    fillBatch(prepared.inputs, this.program, [], batch);
    return prepared.run();
  }

  /** The loss of each row and the best guesses, `loss/<head>` and `point/<head>`: views that hold until the next call. */
  async evaluate(batch: Batch): Promise<Readonly<Record<string, TypedArray>>> {
    checkBatch(this.spec, this.program.byName, batch);
    const specs = this.program.specs(this.program.form(batch), 'evaluate');
    const prepared = await this.#trainer.infer(this.program.evaluate, specs);
    fillBatch(prepared.inputs, this.program, this.program.groupsFor('evaluate'), batch);
    return prepared.run();
  }

  /** What a run continues from. Arrays are views: copy what is to be kept. To be called between steps. */
  state(): StepState {
    const untouched = this.spec.groups
      .flatMap(({ parameters }) => parameters)
      .map(({ name, variable }) => [`parameter/${name}`, variable.dataSync() as TypedArray]);
    const arrays = { ...Object.fromEntries(untouched), ...this.#trainer.state() };
    return {
      steps: this.#flights.steps,
      settings: Object.fromEntries([...this.settings].map(([head, own]) => [head, own.choice()])),
      frozen: [...this.frozen],
      arrays,
      ...this.#memory.state(),
    };
  }

  /** Takes over the state of what the model still has. */
  restore(state: StepState): void {
    const parameters = new Set(this.#groups.flatMap((group) => group.parameters.map(({ name }) => name)));
    const groups = this.#groups.map(({ name }) => name);
    const known = Object.entries(state.arrays).filter(([name]) => {
      const [kind, ...rest] = name.split('/');
      if (kind === 'clock') return groups.includes(rest.join('/'));
      return parameters.has((kind === 'slot' ? rest.slice(1) : rest).join('/'));
    });
    this.#trainer.restore(Object.fromEntries(known));
    for (const { name, variable } of this.spec.groups.flatMap((group) => group.parameters)) {
      const values = state.arrays[`parameter/${name}`];
      if (!values || parameters.has(name)) continue;
      const restored = tensor(values.slice() as Float32Array, variable.shape, variable.dtype);
      variable.assign(restored);
      restored.dispose();
    }
    this.#flights.steps = state.steps;
    for (const [head, own] of this.settings) Object.assign(own, state.settings[head]);
    this.frozen.clear();
    for (const branch of state.frozen) this.frozen.add(branch);
    this.#memory.restore(
      state,
      this.program.heads.map(({ name }) => name),
      groups,
    );
  }

  /** Takes over settings that were changed since `before` was opened, for heads that both have. */
  keepSettings({ program, settings }: StepRunner): void {
    for (const { name, objective } of program.heads) {
      const [own, other] = [this.settings.get(name), settings.get(name)];
      if (!own || !other) continue;
      for (const option of ['weight', 'learningRate', 'frozen'] as const)
        if (other[option] !== objective[option]) Object.assign(own, { [option]: other[option] });
    }
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
    const settings = this.settings.get(name);
    if (settings) return settings;
    const known = [...this.settings.keys()];
    throw new ConfigError({
      where: 'head',
      expected: `one of ${known.map((head) => `'${head}'`).join(', ')}`,
      found: `'${name}'`,
      ...didYouMean(name, known),
    });
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#trainer.close();
  }
}
