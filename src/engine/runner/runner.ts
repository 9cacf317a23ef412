import type { DType, TypedArray } from '../../core/dtype.ts';
import type { Shape } from '../../core/shape.ts';

/** A named tensor that goes into or comes out of a model. */
export interface Port {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

export const providers = ['cpu', 'webgpu', 'cuda'] as const;
export type Provider = (typeof providers)[number];

export interface SessionOptions {
  readonly provider: Provider;
  /** `basic` for graphs run once or twice, `all` for graphs run many times. */
  readonly optimization: 'basic' | 'all';
  /** What errors call the model; `model` when not given. */
  readonly name?: string;
}

/** A model with the memory it reads and writes. */
export interface Binding {
  /**
   * Computes the outputs from the inputs, in place. Blocks the thread.
   * @throws EngineError when the model fails, the binding is released or still running, or an array lost its memory
   */
  run(): void;
  /**
   * The same without blocking the thread, where the runner can; nothing may touch the memory until it settles.
   * Two bindings of one session may run at the same time. Rejects where `run` throws.
   */
  runAsync(): Promise<void>;
  /** Frees it, after the run under way if there is one. A second call does nothing. */
  release(): void;
}

/** A loaded model. */
export interface Session {
  /**
   * Says where inputs and outputs live: one array per port, in the order given to `load`.
   * Arrays may be views of a shared WebAssembly.Memory, at any offset; they stay referenced until released.
   * @throws EngineError when an array's length or type does not match its port
   */
  bind(inputs: readonly TypedArray[], outputs: readonly TypedArray[]): Binding;
  /** Frees it and its bindings, after the runs under way. A second call does nothing. */
  release(): void;
}

/** Live native objects, for leak checks. */
export interface LiveCounts {
  readonly sessions: number;
  readonly values: number;
}

/** A way to run ONNX models in this process. */
export interface Runner {
  readonly type: RunnerType;
  /** Version of ONNX Runtime. */
  readonly version: string;
  readonly live: LiveCounts;
  /**
   * @param model an encoded ONNX model
   * @param inputs every input of the model, in the order `bind` takes them
   * @param outputs the outputs that are wanted, in the order `bind` takes them
   * @throws EngineError when the model is damaged, its ports are others, or the provider is not available
   */
  load(model: Uint8Array, inputs: readonly Port[], outputs: readonly Port[], options: SessionOptions): Session;
}

export const runnerTypes = ['koffi', 'binding'] as const;
export type RunnerType = (typeof runnerTypes)[number];

export interface RunnerOptions {
  /** Threads one operation may use, the caller's included; each session has the others to itself. */
  readonly threads: number;
}

/**
 * How a session's threads wait for more work: they look for so many microseconds before they sleep. An operation that
 * finds them awake begins at once, which takes a tenth off small steps; threads that look longer take processors from
 * whoever else works.
 */
export const waiting = { allow_spinning: '1', spin_duration_us: '50' } as const;
