import { EngineError } from '../../../src/core/error.ts';
import { type KernelBuild, type KernelFunctions, loadKernels, twinKernels } from '../../../src/engine/kernel/index.ts';
import { type Arithmetic, fused, rounded } from '../../../src/engine/kernel/twin/arithmetic.ts';

/** What answers the kernels' contract. */
export type Implementation = 'twin' | KernelBuild;

export const newMemory = (pages = 1): WebAssembly.Memory =>
  new WebAssembly.Memory({ initial: pages, maximum: 65_536, shared: true });

/** Why the relaxed build is not tested here; undefined when it is. Kernels that are not built are an error. */
export const relaxedIsSkippedBecause: string | undefined = (() => {
  try {
    loadKernels(newMemory(), { build: 'relaxed' });
    return undefined;
  } catch (error) {
    if (!(error instanceof EngineError && error.issues[0]?.expected === 'a runtime with relaxed SIMD')) throw error;
    return `Node ${process.versions.node} lacks relaxed SIMD, so no test runs that build: 'npm run test:node24' does`;
  }
})();

/** The builds this runtime can run. `load.test.ts` says so when it is not all of them. */
export const builds: readonly KernelBuild[] = relaxedIsSkippedBecause === undefined ? ['simd', 'relaxed'] : ['simd'];

export function implement(implementation: Implementation, memory: WebAssembly.Memory): KernelFunctions {
  return implementation === 'twin' ? twinKernels(memory) : loadKernels(memory, { build: implementation });
}

/** The twin that agrees with a build bit for bit. Whether the relaxed build fuses is up to the processor. */
export function twinOf(build: KernelBuild, memory: WebAssembly.Memory): KernelFunctions {
  return twinKernels(memory, build === 'relaxed' && fuses() ? fused : rounded);
}

function fuses(): boolean {
  const memory = newMemory();
  const values = new Float32Array(memory.buffer, 0, 2);
  const [gradient, learningRate] = [1 + 2 ** -23, 1 - 2 ** -23];
  const step = ({ multiplyAdd }: Arithmetic): number => multiplyAdd(-learningRate, gradient, 1);
  values.set([1, gradient]);
  loadKernels(memory, { build: 'relaxed' }).sgd(0, 4, 1, learningRate, 1, 0, 0);
  const found = values[0] as number;
  if (found !== step(fused) && found !== step(rounded))
    throw new Error(`relaxed sgd gave ${found}: neither arithmetic`);
  return found === step(fused);
}
