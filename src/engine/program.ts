import type { BakedConstant } from '../trace/recording.ts';
import type { Port } from './runner/runner.ts';

/** One part of a program, computed as a whole. */
export interface ProgramStage {
  /** The computation as an ONNX model. */
  readonly model: Uint8Array;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly nodeCount: number;
  /** What kernels add rows to once the model has run. */
  readonly tables: readonly Table[];
}

/**
 * A value `[height, width]`, or of a shape with as many values, to whose rows kernels add others. ONNX Runtime would add one
 * number after the other, which takes many times as long.
 */
export interface Table extends Port {
  /** Whether it begins as zeros; otherwise as what the model computed. */
  readonly cleared: boolean;
  readonly added: readonly AddedRows[];
}

/** Outputs of a model that are added to a table. Their values count, in their order, whatever the port's shape is. */
export interface AddedRows {
  /** `[count, width]` float32 */
  readonly rows: Port;
  /** `[count]` int32: which of the table's rows each is added to. */
  readonly ids: Port;
  readonly width: number;
  /** The operation that adds them, as errors of ONNX Runtime name it. */
  readonly origin: string;
}

/**
 * A compiled step, as plain data that can cross to a worker. Ports are named by what they carry: `input/x`,
 * `parameter/dense/kernel`, `random/step`; `loss`, `loss/head`, `output/y`, `gradient/dense/kernel`,
 * `gradient[head]/dense/kernel`, `gradient[head]@activation`, `update/bn/moving_mean`, `crossing/3`.
 */
export interface Program {
  readonly stages: readonly ProgramStage[];
  /** What must be given: batch tensors, scalar runtime inputs, parameters. */
  readonly inputs: readonly Port[];
  /** What is computed, without values that only cross between stages. */
  readonly outputs: readonly Port[];
  /** Constants that recording has frozen into the program. */
  readonly baked: readonly BakedConstant[];
  readonly compileMs: { readonly record: number; readonly simplify: number; readonly encode: number };
}
