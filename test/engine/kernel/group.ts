import { type KernelFunctions, type OptimizerType, optimizerKernels } from '../../../src/engine/kernel/index.ts';

/** Parameters that move together, with what moves them. */
export interface Group {
  readonly type: OptimizerType;
  readonly parameter: Float32Array;
  readonly gradient: Float32Array;
  readonly slots: readonly Float32Array[];
  clock: number;
}

/** Groups of zeros, side by side: each one's regions lie between the same regions of its neighbours, without gaps. */
export function newGroups(memory: WebAssembly.Memory, type: OptimizerType, lengths: readonly number[]): Group[] {
  let at = 64;
  const row = (): Float32Array[] =>
    lengths.map((length) => {
      const region = new Float32Array(memory.buffer, at, length);
      at += region.byteLength;
      return region;
    });
  const [parameters, gradients] = [row(), row()];
  const slots = optimizerKernels[type].slots.map(row);
  return lengths.map((_, place) => ({
    type,
    parameter: parameters[place] as Float32Array,
    gradient: gradients[place] as Float32Array,
    slots: slots.map((regions) => regions[place] as Float32Array),
    clock: 0,
  }));
}

export interface Step {
  readonly learningRate: number;
  readonly scale?: number;
  readonly settings?: Readonly<Record<string, number>>;
}

/** Moves a group that is present. */
export function step(kernels: KernelFunctions, group: Group, { learningRate, scale = 1, settings = {} }: Step): void {
  const { type, parameter, gradient, slots } = group;
  group.clock++;
  optimizerKernels[type].apply(kernels, {
    parameter: parameter.byteOffset,
    gradient: gradient.byteOffset,
    slots: slots.map((slot) => slot.byteOffset),
    length: parameter.length,
    learningRate,
    scale,
    clock: group.clock,
    settings,
  });
}
