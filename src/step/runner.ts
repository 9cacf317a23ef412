import { tensor } from '@tensorflow/tfjs-core';
import type { TypedArray } from '../core/dtype.ts';
import { ConfigError } from '../core/error.ts';
import { didYouMean } from '../core/suggest.ts';
import type { Engine, PreparedStep, StepReport as Taken, Trainer } from '../engine/trainer.ts';
import type { MergeStrategy } from '../merge/index.ts';
import type { ModelSpec, ParameterGroup } from '../model/spec.ts';
import type { Optimizer } from '../optimizer/index.ts';
import { type Batch, checkBatch, countLabels } from './batch.ts';
import { fillBatch, fillHeads } from './fill.ts';
import { Memory, type Pending } from './memory.ts';
import { ModelProgram } from './program.ts';
import type { HeadReport, SkippedStep, StepReport } from './report.ts';
import type { StepState } from './state.ts';

export interface RunnerOptions {
  readonly optimizer: Optimizer;
  readonly merge: MergeStrategy;
  /** Whether heads that are alike are computed together: faster, the same to rounding. true when left out. */
  readonly fuse?: boolean;
  /** Seed of random masks. */
  readonly seed: number;
}

/** What may change from step to step without compiling anything. */
export interface HeadSettings {
  weight: number;
  /** Factor of the learning rate of what only this head uses. */
  learningRate: number;
  frozen: boolean;
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
  readonly #options: RunnerOptions;
  readonly #memory: Memory;
  #slot = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** Until when each slot is in use. */
  readonly #slots: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()];

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
    this.#options = options;
    this.#memory = new Memory(options.merge, options.optimizer.schedule);
    this.settings = new Map(
      program.heads.map(({ name, objective: { weight, learningRate, frozen } }) => [
        name,
        { weight, learningRate, frozen },
      ]),
    );
  }

  /** @throws EngineError, ConfigError or ShapeError when the engine does not take the model */
  static async open(spec: ModelSpec, engine: Engine, options: RunnerOptions): Promise<StepRunner> {
    const program = new ModelProgram(spec, options.fuse);
    const groups = spec.groups.filter(({ heads }) => heads.length > 0);
    const trainer = await engine.train({
      step: program.train,
      groups: groups.map(({ name, parameters }) => ({ name, variables: parameters.map(({ variable }) => variable) })),
      optimizer: options.optimizer.kernel,
      seed: options.seed,
    });
    return new StepRunner(program, groups, trainer, options);
  }

  /**
   * Takes one step. A second one may be asked for before the first has settled: its batch is written meanwhile.
   * A head whose loss or gradient is not finite is left out, and the step taken without it.
   * @throws ShapeError when the batch does not fit the model
   */
  async take(batch: Batch, { points = false }: { readonly points?: boolean } = {}): Promise<StepReport | SkippedStep> {
    checkBatch(this.spec, batch);
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
    const weighted = Object.keys(batch.labels).filter((head) => batch.labels[head]?.weight);
    const free = this.#slots[slot];
    const prepared = await this.#trainer.prepare(this.program.specs({ rows: batch.rows, weighted, points }, 'train'));
    await free;
    fillBatch(prepared.slots[slot] ?? {}, this.program, this.program.groups, batch);
    await turn;
    return this.#step(prepared, slot, batch, counts);
  }

  async #step(
    prepared: PreparedStep,
    slot: number,
    { rows }: Batch,
    counts: ReadonlyMap<string, number>,
  ): Promise<StepReport | SkippedStep> {
    const rejected: Record<string, string> = {};
    for (;;) {
      const heads = this.program.heads.filter(({ name }) => counts.has(name) && !(name in rejected));
      if (heads.length === 0) return { skipped: 'notFinite', rows, rejected };
      const pending = this.#memory.pending(heads, rows, counts, (head) => this.head(head).weight);
      fillHeads(prepared.slots[slot] ?? {}, this.program, rows, pending);
      const present = new Set(pending.map(({ name }) => name));
      const moving = this.#groups.map((group) => this.#moves(group, present));
      const learningRates = this.#groups.map((group) => this.#rate(group));
      const { clip } = this.#options.optimizer;
      const taken = await prepared.run(slot, { present: moving, learningRates, ...(clip ? { clip } : {}) });
      if (taken.nonFinite.length === 0) return this.#commit(taken, pending, moving, learningRates, rows, rejected);
      // The step did not count: the next one draws the same random numbers.
      this.#trainer.steps--;
      for (const [head, reason] of this.#blamed(taken, present)) rejected[head] = reason;
    }
  }

  #moves({ heads, branch }: ParameterGroup, present: ReadonlySet<string>): boolean {
    const [only, ...others] = heads;
    const frozen = this.frozen.has(branch) || (others.length === 0 && this.settings.get(only as string)?.frozen);
    return !frozen && heads.some((head) => present.has(head));
  }

  #rate(group: ParameterGroup): number {
    const [only, ...others] = group.heads;
    const own = others.length === 0 ? (this.settings.get(only as string)?.learningRate ?? 1) : 1;
    return this.#memory.rate(group) * own;
  }

  /** Heads that a step is to be repeated without, and why: those with a bad loss, else with a bad gradient, else all. */
  #blamed({ nonFinite, outputs }: Taken, present: ReadonlySet<string>): ReadonlyMap<string, string> {
    const lossOf = (head: string): number => this.program.lossIn(outputs, head);
    const byLoss = [...present].filter((head) => !Number.isFinite(lossOf(head)));
    if (byLoss.length > 0) return new Map(byLoss.map((head) => [head, `loss ${lossOf(head)}`]));
    const bad = new Set(nonFinite);
    const byGradient = this.#groups.flatMap(({ heads, parameters }): [string, string][] => {
      const found = parameters.find(({ name }) => bad.has(`gradient/${name}`));
      const [only, ...others] = heads;
      return found && others.length === 0 ? [[only as string, `gradient of '${found.name}' is not finite`]] : [];
    });
    if (byGradient.length > 0) return new Map(byGradient);
    return new Map([...present].map((head) => [head, `${nonFinite[0]} is not finite`]));
  }

  #commit(
    { loss, outputs, gradientNorms, computeMs, updateMs }: Taken,
    pending: readonly Pending[],
    moving: readonly boolean[],
    learningRates: readonly number[],
    rows: number,
    rejected: Record<string, string>,
  ): StepReport {
    const losses = pending.map(({ name }) => this.program.lossIn(outputs, name));
    this.#memory.commit(
      pending,
      losses,
      this.#groups.filter((_, at) => moving[at]),
    );
    const heads = pending.map(({ name, labels, denominator, factor }, at): [string, HeadReport] => {
      const points = this.program.pointsIn(outputs, name);
      const own = { loss: losses[at] as number, labels, denominator, weight: factor };
      return [name, points ? { ...own, points } : own];
    });
    const byGroup = (values: readonly number[]): Record<string, number> =>
      Object.fromEntries(this.#groups.flatMap(({ name }, at) => (moving[at] ? [[name, values[at] as number]] : [])));
    return {
      step: this.#trainer.steps,
      rows,
      loss: loss as number,
      heads: Object.fromEntries(heads),
      rejected,
      gradientNorms: byGroup(gradientNorms),
      learningRates: byGroup(learningRates),
      computeMs,
      updateMs,
    };
  }

  /** What every output predicts for these rows, by name: views that hold until the next call. */
  async predict(rows: number, inputs: Batch['inputs']): Promise<Readonly<Record<string, TypedArray>>> {
    const specs = this.program.specs({ rows, weighted: [], points: false }, 'predict');
    const prepared = await this.#trainer.infer(this.program.predict, specs);
    fillBatch(prepared.inputs, this.program, [], { rows, inputs, labels: {} });
    return prepared.run();
  }

  /** The loss of each row and the best guesses, `loss/<head>` and `point/<head>`: views that hold until the next call. */
  async evaluate(batch: Batch): Promise<Readonly<Record<string, TypedArray>>> {
    checkBatch(this.spec, batch);
    const weighted = Object.keys(batch.labels).filter((head) => batch.labels[head]?.weight);
    const specs = this.program.specs({ rows: batch.rows, weighted, points: false }, 'evaluate');
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
    return { steps: this.#trainer.steps, arrays, ...this.#memory.state() };
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
    this.#trainer.steps = state.steps;
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
