import type { PreparedStep, StepReport as Taken, Trainer } from '../engine/trainer.ts';
import type { StepSettings } from '../engine/update.ts';
import type { Gradients } from '../merge/index.ts';
import type { ParameterGroup } from '../model/spec.ts';
import type { Batch } from './batch.ts';
import { fillFactors, fillFrozen, fillHeads } from './fill.ts';
import { gramianOf } from './gramian.ts';
import type { TrainedHead } from './head-group.ts';
import type { Memory, Pending } from './memory.ts';
import type { ModelProgram } from './program.ts';
import type { SkippedStep, StepReport } from './report.ts';
import type { Settings } from './settings.ts';

export interface TakeOptions {
  /** Whether rows without any label take part, as in the statistics of batch normalisation; false when left out. */
  readonly keepUnlabelled?: boolean;
  /** Scores of heads with `prequential` are reported with every so many steps, counted from the first; never when left out. */
  readonly scoreEverySteps?: number;
  /** Whether the best guesses of all rows that take part are reported too. */
  readonly points?: boolean;
  /** Whether one head is trained: of those with a label in the batch, the one that was trained least recently. */
  readonly oneHead?: boolean;
  /** Called when it is known what became of the step: before a later one is begun, where spikes are looked for. */
  readonly ended?: (report: StepReport | SkippedStep) => Promise<void> | undefined;
}

/** A batch that was written into a slot. */
export interface Work {
  readonly labels: Batch['labels'];
  readonly prepared: PreparedStep;
  readonly slot: number;
  readonly rows: number;
  readonly counts: ReadonlyMap<string, number>;
  /** Whether one of the present heads is trained, the one that was least recently. */
  readonly oneHead: boolean;
  /** Writes what is known of the heads again, when some of them were left out. */
  readonly refill: () => void;
  /** Rows without any label, which were left out; and the numbers of the others, where there are any. */
  readonly dropped: number;
  readonly took?: Int32Array;
  /** Whether best guesses are reported. */
  readonly points: boolean;
  readonly scoreEverySteps: number | undefined;
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
  /** Limits on gradients, as they are now. */
  readonly clip: () => StepSettings['clip'];
  readonly settings: Settings;
}

/** Steps that were asked for and whose end is not known yet, in their order. */
export class Flights {
  readonly #options: FlightOptions;
  readonly #open: Flight[] = [];
  /** Steps taken or launched. */
  steps = 0;

  constructor(options: FlightOptions) {
    this.#options = options;
  }

  /** Asks for a step, and remembers it as if it counted. It follows those whose end is not known yet. */
  launch({ prepared, slot, rows, counts, oneHead }: Work, present: readonly TrainedHead[]): Flight {
    const { program, trainer, memory, groups, settings } = this.#options;
    const heads = oneHead ? [memory.leastRecent(present)] : present;
    const clip = this.#options.clip();
    const pending = memory.pending(
      heads,
      { rows, counts, step: this.steps + 1 },
      (head) => settings.heads.get(head)?.weight ?? 1,
    );
    const inputs = prepared.slots[slot] ?? {};
    fillHeads(inputs, program, rows, pending);
    fillFrozen(inputs, program, settings);
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
    const moves = groups.map((group) => this.#moves(group, labelled));
    const learningRates = groups.map((group) => this.#rate(group));
    const following = this.#open.length > 0;
    const stepSettings = { present: moves, learningRates, following, ...(clip ? { clip } : {}) };
    const moved = groups.filter((_, at) => moves[at]);
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

  #moves(group: ParameterGroup, present: ReadonlySet<string>): boolean {
    return !this.#options.settings.isFrozen(group) && group.heads.some((head) => present.has(head));
  }

  #rate(group: ParameterGroup): number {
    const [only, ...others] = group.heads;
    const { memory, settings } = this.#options;
    const own = others.length === 0 ? (settings.heads.get(only as string)?.learningRate ?? 1) : 1;
    return memory.rate(group) * own * settings.branchRate(group.branch) * settings.learningRate;
  }
}
