import { ConfigError } from '../core/error.ts';
import { formatValue } from '../core/format.ts';
import type { PreparedStep, StepReport as Taken, Trainer } from '../engine/trainer.ts';
import type { StepSettings } from '../engine/update.ts';
import type { Gradients } from '../merge/index.ts';
import type { ParameterGroup } from '../model/spec.ts';
import { fillFactors, fillHeads } from './fill.ts';
import { gramianOf } from './gramian.ts';
import type { TrainedHead } from './head-group.ts';
import type { Memory, Pending } from './memory.ts';
import type { ModelProgram } from './program.ts';
import type { HeadChoice } from './state.ts';

/** What may change from step to step without compiling anything. Numbers are refused below 0, and when not finite. */
export class HeadSettings {
  readonly #name: string;
  #weight: number;
  #learningRate: number;
  /** Whether what only this head uses stays as it is. Its labels go on to train what others use too. */
  frozen: boolean;

  constructor(name: string, { weight, learningRate, frozen }: HeadChoice) {
    this.#name = name;
    this.#weight = weight;
    this.#learningRate = learningRate;
    this.frozen = frozen;
  }

  /** Factor of the head's loss in the merged one. */
  get weight(): number {
    return this.#weight;
  }

  set weight(value: number) {
    this.#weight = checkedFactor(`head "${this.#name}", weight`, value);
  }

  /** Factor of the learning rate of what only this head uses. */
  get learningRate(): number {
    return this.#learningRate;
  }

  set learningRate(value: number) {
    this.#learningRate = checkedFactor(`head "${this.#name}", learningRate`, value);
  }

  /** Plain data, for checkpoints. */
  choice(): HeadChoice {
    return { weight: this.#weight, learningRate: this.#learningRate, frozen: this.frozen };
  }
}

/** @throws ConfigError when it can't be a factor */
function checkedFactor(where: string, value: number): number {
  if (Number.isFinite(value) && value >= 0) return value;
  throw new ConfigError({ where, expected: 'a finite number, 0 or more', found: formatValue(value) });
}

/** A batch that was written into a slot. */
export interface Work {
  readonly prepared: PreparedStep;
  readonly slot: number;
  readonly rows: number;
  readonly counts: ReadonlyMap<string, number>;
  /** Time to write it. */
  readonly assembleMs: number;
}

/** A step that was asked for. */
export interface Flight {
  readonly pending: readonly Pending[];
  readonly factors: readonly number[];
  readonly settings: StepSettings;
  /** Groups of parameters that move when it counts. */
  readonly moved: readonly ParameterGroup[];
  readonly taken: Promise<Taken>;
  /** Steps taken, this one included. */
  readonly step: number;
  /** Time to find the factors of the losses. */
  readonly merging: { readonly durationMs: number };
  /** Whether it did not count, and was forgotten. */
  recalled: boolean;
}

export interface FlightOptions {
  readonly program: ModelProgram;
  readonly trainer: Trainer;
  readonly memory: Memory;
  readonly groups: readonly ParameterGroup[];
  readonly clip: StepSettings['clip'];
  /** Runtime inputs by head. */
  readonly settings: ReadonlyMap<string, HeadSettings>;
  /** Branches that stay as they are. */
  readonly frozen: ReadonlySet<string>;
}

/** Steps that were asked for and whose end is not known yet, in their order. */
export class Flights {
  readonly #options: FlightOptions;
  readonly #open: Flight[] = [];
  /** Steps taken or launched. */
  steps = 0;
  #learningRate = 1;

  constructor(options: FlightOptions) {
    this.#options = options;
  }

  /** Factor of all learning rates, 1 unless set: a runtime input, and no part of the state. */
  get learningRate(): number {
    return this.#learningRate;
  }

  set learningRate(value: number) {
    this.#learningRate = checkedFactor('learningRate', value);
  }

  /** Asks for a step, and remembers it as if it counted. It follows those whose end is not known yet. */
  launch({ prepared, slot, rows, counts }: Work, heads: readonly TrainedHead[]): Flight {
    const { program, trainer, memory, groups, clip, settings } = this.#options;
    const pending = memory.pending(heads, rows, counts, (head) => settings.get(head)?.weight ?? 1);
    const inputs = prepared.slots[slot] ?? {};
    fillHeads(inputs, program, rows, pending);
    const factors: number[] = [];
    const merging = { durationMs: 0 };
    const weigh = (gradients?: () => Gradients): void => {
      const started = performance.now();
      factors.push(...memory.factors(pending, gradients?.()));
      fillFactors(inputs, program, pending, factors);
      merging.durationMs = performance.now() - started;
    };
    const names = pending.map(({ name }) => name);
    const parted = program.partings.length;
    if (parted === 0) weigh();
    const between = (outputs: Taken['outputs']): void => weigh(() => ({ gramian: gramianOf(outputs, names, parted) }));
    const labelled = new Set(names);
    const present = groups.map((group) => this.#moves(group, labelled));
    const learningRates = groups.map((group) => this.#rate(group));
    const following = this.#open.length > 0;
    const stepSettings = { present, learningRates, following, ...(clip ? { clip } : {}) };
    const moved = groups.filter((_, at) => present[at]);
    memory.advance(pending, moved);
    trainer.steps = this.steps++;
    const taken = prepared.run(slot, stepSettings, parted > 0 ? between : undefined);
    const flight = {
      pending,
      factors,
      settings: stepSettings,
      moved,
      merging,
      taken,
      step: this.steps,
      recalled: false,
    };
    this.#open.push(flight);
    return flight;
  }

  /** A step that counted. */
  land(flight: Flight): void {
    this.#open.splice(this.#open.indexOf(flight), 1);
  }

  /** Forgets a step that did not count, and those that were launched after it: they are launched again. */
  recall(flight: Flight): void {
    const at = this.#open.indexOf(flight);
    if (at === -1) return;
    for (const recalled of this.#open.splice(at).reverse()) {
      const { pending, moved } = recalled;
      recalled.recalled = true;
      this.#options.memory.goBack(pending, moved);
      this.steps--;
    }
  }

  #moves({ heads, branch }: ParameterGroup, present: ReadonlySet<string>): boolean {
    const [only, ...others] = heads;
    const frozen =
      this.#options.frozen.has(branch) || (others.length === 0 && this.#options.settings.get(only as string)?.frozen);
    return !frozen && heads.some((head) => present.has(head));
  }

  #rate(group: ParameterGroup): number {
    const [only, ...others] = group.heads;
    const own = others.length === 0 ? (this.#options.settings.get(only as string)?.learningRate ?? 1) : 1;
    return this.#options.memory.rate(group) * own * this.#learningRate;
  }
}
