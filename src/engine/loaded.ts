import type { TypedArray } from '../core/dtype.ts';
import type { Program } from './program.ts';
import type { Binding, Port, Runner, Session, SessionOptions } from './runner/runner.ts';

/** Gives the memory in which a port's tensor lives; the same array whenever the same name is asked for. */
export type Memory = (port: Port) => TypedArray;

/** A program with native sessions, bound to one or more slots of memory, so that one is filled while another is used. */
export class LoadedProgram {
  readonly #sessions: readonly Session[];
  readonly #bindings: readonly Binding[];
  readonly stageCount: number;

  /**
   * @param slots memory of each slot
   * @throws EngineError when a model is damaged, or memory does not fit a port
   */
  constructor(program: Program, runner: Runner, slots: readonly Memory[], options: SessionOptions) {
    const sessions: Session[] = [];
    const bindings: Binding[] = [];
    this.stageCount = program.stages.length;
    try {
      for (const [stage, { model, inputs, outputs }] of program.stages.entries())
        sessions.push(runner.load(model, inputs, outputs, { name: `program, stage ${stage}`, ...options }));
      for (const memory of slots)
        program.stages.forEach(({ inputs, outputs }, stage) => {
          bindings.push((sessions[stage] as Session).bind(inputs.map(memory), outputs.map(memory)));
        });
    } catch (error) {
      for (const resource of [...bindings, ...sessions]) resource.release();
      throw error;
    }
    this.#sessions = sessions;
    this.#bindings = bindings;
  }

  /** Computes one stage from what is in a slot's memory. Blocks the thread. */
  run(stage = 0, slot = 0): void {
    (this.#bindings[slot * this.stageCount + stage] as Binding).run();
  }

  release(): void {
    for (const resource of [...this.#bindings, ...this.#sessions]) resource.release();
  }
}
