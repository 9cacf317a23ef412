import type { TypedArray } from '../core/dtype.ts';
import { type OptimizerType, optimizerKernels } from '../engine/kernel/index.ts';
import type { Trainer } from '../engine/trainer.ts';
import type { ParameterGroup } from '../model/spec.ts';
import type { Flights } from './flight.ts';
import type { Memory } from './memory.ts';
import type { Prequential } from './prequential.ts';
import type { ModelProgram } from './program.ts';
import { assignUntrained, checkArrays, movedArrays, ownArrays, unnamed } from './restore.ts';
import type { Settings } from './settings.ts';
import type { StepState } from './state.ts';

/** Everything that holds a part of what a run continues from. */
interface Holders {
  readonly program: ModelProgram;
  /** Those that are trained. */
  readonly groups: readonly ParameterGroup[];
  readonly trainer: Trainer;
  /** Slots that others have are left. */
  readonly optimizer: OptimizerType;
  readonly settings: Settings;
  readonly memory: Memory;
  readonly flights: Flights;
  readonly prequential: Prequential;
}

const nothing: Omit<StepState, 'steps'> = {
  settings: {},
  frozen: [],
  learningRates: {},
  heads: {},
  merge: {},
  schedules: {},
  arrays: {},
};

/** What a run continues from, gathered from whoever holds it and handed back. To be used between steps. */
export class RunState {
  readonly #holders: Holders;

  constructor(holders: Holders) {
    this.#holders = holders;
  }

  /** Arrays are views: copy what is to be kept. */
  read(): StepState {
    const { program, trainer, optimizer, settings, memory, flights, prequential } = this.#holders;
    const { spec } = program;
    const untouched = spec.groups
      .flatMap(({ parameters }) => parameters)
      .map(({ name, variable }) => [`parameter/${name}`, variable.dataSync() as TypedArray]);
    return {
      steps: flights.steps,
      optimizer,
      settings: Object.fromEntries([...settings.heads].map(([head, own]) => [head, own.choice()])),
      frozen: [...settings.frozen],
      learningRates: settings.branchRates(),
      arrays: {
        ...movedArrays(spec, { ...Object.fromEntries(untouched), ...trainer.state() }),
        ...prequential.arrays(),
      },
      ...memory.state(),
    };
  }

  /**
   * Goes on from a state, and from nothing else: what it does not name is as before the first step. What the model does
   * not have is left.
   * @throws ConfigError when a parameter is missing or of another size, EngineError when a slot is: all stays then
   */
  replace(state: StepState): void {
    const { program, trainer, settings, memory, prequential } = this.#holders;
    checkArrays(program.spec, state.arrays, true);
    const arrays = this.#own(state);
    trainer.restore({ ...unnamed(trainer, arrays), ...arrays });
    memory.clear();
    prequential.clear();
    for (const { name, objective } of program.heads)
      settings.heads.get(name)?.choose(state.settings[name] ?? objective);
    settings.clearBranches();
    this.#takeOver(state, arrays);
  }

  /**
   * Takes over what a state names; all else stays.
   * @throws ConfigError when a parameter is of another size, EngineError when a slot is: all stays then
   */
  adopt(part: Partial<StepState>): void {
    const { program, trainer, settings, flights } = this.#holders;
    const state = { ...nothing, steps: flights.steps, ...part };
    checkArrays(program.spec, state.arrays, false);
    const arrays = this.#own(state);
    trainer.restore(arrays);
    for (const [name, choice] of Object.entries(state.settings)) settings.heads.get(name)?.choose(choice);
    this.#takeOver(state, arrays);
  }

  #own({ arrays }: StepState): StepState['arrays'] {
    const { program, optimizer } = this.#holders;
    return ownArrays(program.spec, optimizerKernels[optimizer].slots, arrays);
  }

  #takeOver(state: StepState, arrays: StepState['arrays']): void {
    const { program, groups, settings, memory, flights, prequential } = this.#holders;
    prequential.adopt(state.arrays);
    assignUntrained(program.spec, arrays);
    flights.steps = state.steps;
    for (const branch of state.frozen) settings.frozen.add(branch);
    for (const [branch, rate] of Object.entries(state.learningRates)) settings.setBranchRate(branch, rate);
    const heads = program.heads.map(({ name }) => name);
    memory.adopt(
      { ...state, arrays },
      heads,
      groups.map(({ name }) => name),
    );
  }
}
