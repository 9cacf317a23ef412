import { relu, type Tensor } from '@tensorflow/tfjs-core';
import type { TrunklineBackend } from './backend.ts';
import { engineInternals } from './internals.ts';

interface MaximumAttrs {
  readonly pad?: unknown;
}

/** Kernels that take the largest of several elements. */
const maxima: ReadonlySet<string> = new Set(['Max', 'MaxPool', 'MaxPool3D']);

/** Whether each result is that of at least one element: the largest of none is −∞, and not 0. */
const seesElements = (x: Tensor, { pad = 'valid' }: MaximumAttrs = {}): boolean =>
  x.size > 0 && (pad === 'valid' || pad === 'same');

/** What was rectified to get `x`, when it was and that is on the tape. */
function rectified({ id }: Tensor): Tensor | undefined {
  const source = engineInternals().state.activeTape?.findLast(({ outputs }) =>
    outputs.some((output) => output.id === id),
  );
  return source?.kernelName === 'Relu' ? source.saved[0] : undefined;
}

/**
 * While a step is recorded, the largest of what was rectified is the largest, rectified: it is the same number, and so
 * is the gradient, which in both is that of the largest where it is above 0. What is rectified, and where its gradient
 * is masked, is then as much smaller as the maximum is. Called once.
 */
export function installRectifiedMaxima(backend: TrunklineBackend): void {
  const internals = engineInternals();
  const { runKernel } = internals;
  internals.runKernel = (kernelName, inputs, attrs) => {
    const x = backend.recording && maxima.has(kernelName) ? inputs.x : undefined;
    const source = x && seesElements(x, attrs) ? rectified(x) : undefined;
    if (!source) return runKernel.call(internals, kernelName, inputs, attrs);
    return relu(runKernel.call(internals, kernelName, { ...inputs, x: source }, attrs) as Tensor);
  };
}
