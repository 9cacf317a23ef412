import type { TypedArray } from '../core/dtype.ts';
import type { KernelFunctions } from './kernel/index.ts';
import type { Program } from './program.ts';
import type { Binding, Port, Runner, Session, SessionOptions } from './runner/runner.ts';
import { addRowsAfter } from './table.ts';

/** Gives the memory in which a port's tensor lives; the same array whenever the same name is asked for. */
export type Memory = (port: Port) => TypedArray;

/** A program with native sessions, bound to one or more slots of memory, so that one is filled while another is used. */
export class LoadedProgram {
  readonly #sessions: readonly Session[];
  readonly #bindings: readonly Binding[];
  /** What adds rows to the tables of each binding, after its run. */
  readonly #additions: readonly (readonly (() => void)[])[];
  readonly stageCount: number;

  /**
   * @param slots memory of each slot, which is the kernels' own
   * @throws EngineError when a model is damaged, or memory does not fit a port
   */
  constructor(
    program: Program,
    runner: Runner,
    slots: readonly Memory[],
    kernels: KernelFunctions,
    options: SessionOptions,
  ) {
    const sessions: Session[] = [];
    const bindings: Binding[] = [];
    const additions: (readonly (() => void)[])[] = [];
    this.stageCount = program.stages.length;
    try {
      for (const [stage, { model, inputs, outputs }] of program.stages.entries())
        sessions.push(runner.load(model, inputs, outputs, { name: `program, stage ${stage}`, ...options }));
      for (const memory of slots)
        program.stages.forEach(({ inputs, outputs, tables }, stage) => {
          bindings.push((sessions[stage] as Session).bind(inputs.map(memory), outputs.map(memory)));
          additions.push(tables.map((table) => addRowsAfter(kernels, table, memory)));
        });
    } catch (error) {
      for (const resource of [...bindings, ...sessions]) resource.release();
      throw error;
    }
    this.#sessions = sessions;
    this.#bindings = bindings;
    this.#additions = additions;
  }

  /**
   * Computes one stage from what is in a slot's memory. Blocks the thread.
   * @throws EngineError when the model fails, or a row was to be added where there is none
   */
  run(stage = 0, slot = 0): void {
    const at = slot * this.stageCount + stage;
    (this.#bindings[at] as Binding).run();
    for (const addRows of this.#additions[at] ?? []) addRows();
  }

  release(): void {
    for (const resource of [...this.#bindings, ...this.#sessions]) resource.release();
  }
}
