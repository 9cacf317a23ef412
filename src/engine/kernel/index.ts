export type { KernelBuild, KernelFunctions, Kernels } from './kernels.ts';
export { type LoadOptions, loadKernels } from './load.ts';
export { type OptimizerKernel, type OptimizerType, optimizerKernels, type RegionUpdate } from './optimizer.ts';
export { twinKernels } from './twin/index.ts';
