import type { Variable } from '@tensorflow/tfjs-core';
import type { TypedArray } from '../core/dtype.ts';
import type { InputSpecs, Step } from '../trace/record.ts';
import type { StepOutcome } from './executor.ts';
import type { OptimizerType } from './kernel/index.ts';
import type { StepSettings } from './update.ts';

/** Variables that move together, when a label for them is present. */
export interface GroupSpec {
  readonly name: string;
  readonly variables: readonly Variable[];
}

/** What is to be trained, and how. */
export interface TrainerSpec {
  readonly step: Step;
  /** Every trained variable belongs to one group; variables a step assigns to (moving statistics) may too. */
  readonly groups: readonly GroupSpec[];
  readonly optimizer: { readonly type: OptimizerType; readonly settings?: Readonly<Record<string, number>> };
  /** Seed of dropout and noise. */
  readonly seed?: number;
}

/** What a step reported: scalars by name, and anything else the step function returned. */
export interface StepReport extends StepOutcome {
  /** The merged loss, and each named one. */
  readonly loss: number | undefined;
  readonly losses: Readonly<Record<string, number>>;
  /** Views that hold until the slot is used again. */
  readonly outputs: Readonly<Record<string, TypedArray>>;
}

/** A step ready for batches of one shape. */
export interface PreparedStep {
  /** Where to write the inputs of each slot, by name. Slots alternate: one is filled while another is computed. */
  readonly slots: readonly Readonly<Record<string, TypedArray>>[];
  /**
   * Takes one step with what is in the slot. Steps are taken in the order they were asked for.
   * @param between called with the first stage's outputs, to write the inputs of the second: steps with such inputs
   *   need it
   */
  run(slot: number, settings: StepSettings, between?: Between): Promise<StepReport>;
}

export type Between = (outputs: Readonly<Record<string, TypedArray>>) => void;

/** A function of the trained variables, ready for inputs of one shape. It moves nothing. */
export interface PreparedInference {
  /** Where to write the inputs, by name, between runs. */
  readonly inputs: Readonly<Record<string, TypedArray>>;
  /** @returns the outputs by name: views that hold until the next run */
  run(): Promise<Readonly<Record<string, TypedArray>>>;
}

/** Trains variables with one step function. All engines answer alike; the eager one is the definition. */
export interface Trainer {
  /**
   * Makes the step ready for inputs of the given shapes, compiling it when it has not met them lately.
   * A prepared step is valid until `programs` other shapes have been prepared.
   */
  prepare(specs: InputSpecs): Promise<PreparedStep>;
  /**
   * Makes a function of the trained variables ready: a step of which only `outputs` count.
   * It is valid until `programs` others have been made ready.
   */
  infer(step: Step, specs: InputSpecs): Promise<PreparedInference>;
  /** Steps taken so far: what random numbers are drawn for. May be set, to continue a run. */
  steps: number;
  /**
   * The engine's own state by name, for reading and writing between steps: `parameter/…`, `slot/<name>/…` and
   * `clock/<group>`.
   */
  state(): Readonly<Record<string, TypedArray>>;
  /**
   * Gives parts of the state other values, between steps. What no prepared step has used yet takes them over when one
   * does; until then they are part of `state()`.
   * @throws EngineError when a value has another length than what it is for
   */
  restore(state: Readonly<Record<string, TypedArray>>): void;
  /** Copies the trained values back into the variables. */
  pull(): void;
  /** Frees what the trainer holds. */
  close(): Promise<void>;
}

/** What an engine holds at the moment: it must not grow. */
export interface EngineStatus {
  /** Compiled programs that are loaded. */
  readonly programs: number;
  /** Native sessions and tensors. */
  readonly sessions: number;
  readonly values: number;
}

/** A place where steps are computed. */
export interface Engine {
  readonly type: string;
  train(spec: TrainerSpec): Promise<Trainer>;
  status(): Promise<EngineStatus>;
  /** Closes its trainers and frees everything. */
  close(): Promise<void>;
}
