import {
  type KernelFunc,
  type NamedTensorInfoMap,
  registerBackend,
  registerKernel,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { CompileError } from '../core/error.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import { applyPlainly } from '../ir/build.ts';
import type { Value } from '../ir/graph.ts';
import { aliasKernels } from './alias.ts';
import { backendName, type Evaluate, TrunklineBackend } from './backend.ts';
import { callSite, watchLayers } from './call-site.ts';
import { installChainedOperations } from './chain.ts';
import { installDrawings } from './distribution.ts';
import { cpuFallback } from './fallback.ts';
import { installFrozen } from './frozen.ts';
import { installFusedConvolutions } from './fused.ts';
import { installGradients } from './gradient/index.ts';
import { installBatchNormalization } from './gradient/normalization.ts';
import { insteadOf } from './instead.ts';
import { lowerings } from './kernel/index.ts';
import type { KernelCall, Lowering } from './kernel/lowering.ts';
import { installLayerNormalization } from './layer-normalization.ts';
import { installRectifiedMaxima } from './rectified.ts';

function kernelCall(
  kernelName: string,
  inputs: NamedTensorInfoMap,
  attrs: object,
  backend: TrunklineBackend,
): KernelCall {
  const where = callSite();
  const origin = where === 'the step' ? kernelName : `${kernelName}, ${where}`;
  const ops: KernelCall['ops'] = (op, values, attributes) => applyPlainly(op, values, attributes, origin);
  return {
    attrs,
    ops,
    op: (op, values, attributes) => ops(op, values, attributes)[0] as Value,
    input: (name) => backend.valueFor(inputs[name] as TensorInfo),
    optional: (name) => (inputs[name] ? backend.valueFor(inputs[name]) : undefined),
    list: () => Object.values(inputs).map((info) => backend.valueFor(info as TensorInfo)),
    refuse: (found, hint) => {
      throw new CompileError({ where: origin, expected: 'a kernel that can be compiled', found, hint });
    },
  };
}

/** Strings, complex numbers and empty tensors are for the cpu kernels, when running eagerly. */
function isOrdinary(inputs: NamedTensorInfoMap, attrs: object): boolean {
  const infos = Object.values(inputs).flat().filter(Boolean) as TensorInfo[];
  const dtypes = [...infos.map(({ dtype }) => dtype), (attrs as { dtype?: unknown }).dtype];
  return !dtypes.includes('string') && !dtypes.includes('complex64') && infos.every(({ shape }) => sizeOf(shape) > 0);
}

function lowered(kernelName: string, lowering: Lowering): KernelFunc {
  const inCpu = cpuFallback().kernelNames.includes(kernelName);
  return ({ inputs, attrs, backend: current }) => {
    const backend = current as TrunklineBackend;
    const onCpu = () => cpuFallback().run(kernelName, inputs, attrs ?? {}, backend);
    const mayFallBack = inCpu && !backend.recording;
    if (mayFallBack && !isOrdinary(inputs, attrs ?? {})) return onCpu();
    try {
      const result = lowering(kernelCall(kernelName, inputs, attrs ?? {}, backend));
      return Array.isArray(result)
        ? result.map((value) => backend.tensorOf(value))
        : emit(result as Value, inputs, backend);
    } catch (error) {
      // What the lowering refuses, the cpu kernel may do.
      if (mayFallBack && error instanceof CompileError) return onCpu();
      throw error;
    }
  };
}

/** A kernel that returns its own input shares the data instead of copying them. */
function emit(value: Value, inputs: NamedTensorInfoMap, backend: TrunklineBackend): TensorInfo {
  for (const info of Object.values(inputs).flat()) {
    const content = info && backend.contentOf(info.dataId);
    if (content?.kind === 'value' && content.value === value) return backend.aliasOf(info as TensorInfo, value.shape);
  }
  return backend.tensorOf(value);
}

function fallingBack(kernelName: string): KernelFunc {
  return ({ inputs, attrs, backend: current }) => {
    const backend = current as TrunklineBackend;
    if (backend.recording)
      throw new CompileError({
        where: `${kernelName}, ${callSite()}`,
        expected: 'a kernel that can be compiled',
        found: `inputs ${Object.values(inputs)
          .flat()
          .map((info) => info && `${info.dtype} ${formatShape(info.shape)}`)
          .join(', ')}`,
        hint: insteadOf(kernelName),
      });
    return cpuFallback().run(kernelName, inputs, attrs ?? {}, backend);
  };
}

let registered: TrunklineBackend | undefined;

/** Preferred to `cpu` (1), not to `tensorflow` (3). */
const priority = 2;

/**
 * Registers the backend `trunkline` with TensorFlow.js, once.
 * @param evaluate computes values for the eager mode
 */
export function registerTrunkline(evaluate: Evaluate): TrunklineBackend {
  if (registered) return registered;
  const backend = new TrunklineBackend(evaluate);
  const kernels = new Map<string, KernelFunc>();
  for (const kernelName of cpuFallback().kernelNames) kernels.set(kernelName, fallingBack(kernelName));
  for (const [kernelName, lowering] of Object.entries(lowerings))
    kernels.set(kernelName, lowered(kernelName, lowering));
  for (const [kernelName, kernel] of aliasKernels) kernels.set(kernelName, kernel);
  for (const [kernelName, kernelFunc] of kernels) registerKernel({ kernelName, backendName, kernelFunc });
  registerBackend(backendName, () => backend, priority);
  watchLayers();
  installDrawings();
  installFusedConvolutions();
  installBatchNormalization();
  installRectifiedMaxima(backend);
  installFrozen();
  installLayerNormalization();
  installChainedOperations();
  installGradients();
  registered = backend;
  return backend;
}
