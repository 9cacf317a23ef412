import type { Variable } from '@tensorflow/tfjs-core';
import type { TypedArray } from '../core/dtype.ts';
import type { InputSpecs, PerHead, Step } from '../trace/record.ts';
import type { StepOutcome } from './executor.ts';
import type { OptimizerType } from './kernel/index.ts';
import type { StepSettings } from './update.ts';

/** Variables that move together, when a label for them is present. */
export interface GroupSpec {
  readonly name: string;
  readonly variables: readonly Variable[];
  /** Groups of one name here are limited as one when gradients are clipped by norm; its own name when left out. */
  readonly clippedWith?: string;
}

/** What is to be trained, and how. */
export interface TrainerSpec {
  readonly step: Step;
  /** Every variable that the step trains or assigns (moving statistics) belongs to one group. */
  readonly groups: readonly GroupSpec[];
  readonly optimizer: { readonly type: OptimizerType; readonly settings?: Readonly<Record<string, number>> };
  /** Seed of dropout and noise. */
  readonly seed?: number;
  /** Gradients of single losses that `Between` is given; none by default. */
  readonly perHead?: PerHead;
}

/** What a step reported: scalars by name, and anything else the step function returned. */
export interface StepReport extends StepOutcome {
  /** The merged loss, and each named one: an absent head's may be anything. */
  readonly loss: number | undefined;
  readonly losses: Readonly<Record<string, number>>;
  /** Views that hold until the slot is used again. */
  readonly outputs: Readonly<Record<string, TypedArray>>;
}

/** The numbers of an input, by its type: float32, int32, or bool as 0 and 1. */
export type InputArray = Float32Array | Int32Array | Uint8Array;

/** A step ready for batches of one shape. */
export interface PreparedStep {
  /** Where to write the inputs of each slot, by name. Slots alternate: one is filled while another is computed. */
  readonly slots: readonly Readonly<Record<string, InputArray>>[];
  /**
   * Takes one step with what is in the slot. Steps are taken in the order they were asked for, each as a whole.
   * @param between writes the inputs of the second stage: steps with such inputs need it
   * @throws ConfigError when the settings do not fit; EngineError when the slot is in use, or after the step was evicted
   *   or the trainer closed
   */
  run(slot: number, settings: StepSettings, between?: Between): Promise<StepReport>;
}

/**
 * Called between the stages of a step, to write what the second depends on.
 * @param outputs of the first stage by name, and the gradients of single losses that the trainer was asked for, as
 *   `gradient[head]@activation`. What depends on the second stage's inputs means nothing yet.
 */
export type Between = (outputs: Readonly<Record<string, TypedArray>>) => void;

/** A function of the trained variables, ready for inputs of one shape. It moves nothing. */
export interface PreparedInference {
  /** Where to write the inputs, by name, between runs. */
  readonly inputs: Readonly<Record<string, InputArray>>;
  /**
   * Computes with what stands in the inputs.
   * @returns the outputs by name: views that hold until the next run
   */
  run(): Promise<Readonly<Record<string, TypedArray>>>;
}

/**
 * Trains variables with one step function, from the values they have when it is made; they must be finite. What is
 * assigned to them later, by `layer.setWeights` say, is taken over by the next step.
 * All engines answer alike; the eager one is the definition. After `close`, everything is refused.
 */
export interface Trainer {
  /**
   * Makes the step ready for inputs of the given shapes, compiling it when it has not met them lately.
   * A prepared step is valid while it is among the `programs` that were prepared or run last.
   * @throws ConfigError when a variable that would have to move is in no group
   */
  prepare(specs: InputSpecs): Promise<PreparedStep>;
  /**
   * Makes a function of the trained variables ready: a step of which only `outputs` count.
   * It is valid while it is among the `programs` that were made ready or run last. What the function assigns is dropped.
   */
  infer(step: Step, specs: InputSpecs): Promise<PreparedInference>;
  /** Steps taken so far: what random numbers are drawn for. May be set, to continue a run. */
  steps: number;
  /**
   * The engine's own state by name, for reading and writing between steps: `parameter/…`, `slot/<name>/…` and
   * `clock/<group>`. Slots and clocks are there from the first step on.
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
  /** In use for parameters, optimizer state, gradients and batches. */
  readonly memoryBytes: number;
}

/** A place where steps are computed. */
export interface Engine {
  readonly type: string;
  /** Whether step functions are run as they are for every batch, instead of what was recorded of them. */
  readonly eager: boolean;
  /**
   * Makes a trainer for one step function and its variables.
   * @throws ConfigError when settings or groups do not fit; EngineError when the engine was closed
   */
  train(spec: TrainerSpec): Promise<Trainer>;
  /** What it holds at the moment. */
  status(): Promise<EngineStatus>;
  /** Closes its trainers and frees everything. */
  close(): Promise<void>;
}
