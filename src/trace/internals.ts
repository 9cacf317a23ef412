import {
  engine,
  type KernelBackend,
  type NamedTensorMap,
  type Tensor,
  type TensorInfo,
  type Variable,
} from '@tensorflow/tfjs-core';

/** One kernel call on TensorFlow.js's tape. */
export interface TapeNode {
  readonly kernelName: string;
  readonly inputs: NamedTensorMap;
  readonly outputs: readonly Tensor[];
  readonly saved: readonly Tensor[];
  /** Thunks for the gradients of the inputs, from the gradients of the outputs (absent ones count as zeros). */
  readonly gradient?: (outputGradients: (Tensor | undefined)[]) => Record<string, () => Tensor>;
}

/** The parts of TensorFlow.js's engine (4.22) that recording needs and its types hide. */
export interface EngineInternals {
  readonly state: {
    readonly registeredVariables: Record<string, Variable>;
    activeTape: TapeNode[] | null;
    gradientDepth: number;
  };
  startTape(): void;
  endTape(): void;
  trackTensor(tensor: Tensor, backend: KernelBackend): void;
  disposeTensor(tensor: Tensor): void;
  runKernel(kernelName: string, inputs: Record<string, Tensor | undefined>, attrs?: object): Tensor | Tensor[];
  makeVariable(initial: Tensor, trainable?: boolean, name?: string, dtype?: string): Variable;
  makeTensorFromTensorInfo(info: TensorInfo, backend: KernelBackend): Tensor;
}

export function engineInternals(): EngineInternals {
  return engine() as unknown as EngineInternals;
}

/** Takes a variable from TensorFlow.js's list of all: it is kept by those only who have it. */
export function forgetVariable(variable: Variable): void {
  const { registeredVariables } = engineInternals().state;
  if (registeredVariables[variable.name] === variable) delete registeredVariables[variable.name];
}

/** Puts a variable back into TensorFlow.js's list, where recordings find it. */
export function rememberVariable(variable: Variable): void {
  if (!variable.isDisposed) engineInternals().state.registeredVariables[variable.name] ??= variable;
}
