import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { getKernelsForBackend, type KernelFunc, type NamedTensorInfoMap, type TensorInfo } from '@tensorflow/tfjs-core';
import type { TrunklineBackend } from './backend.ts';

interface CpuData {
  readonly values?: Float32Array | Uint8Array[];
  readonly complexTensorInfos?: { readonly real: TensorInfo; readonly imag: TensorInfo };
}

/** Some of the cpu kernels take tensors, which know their rank, and not only what describes them. */
function given(dataId: TensorInfo['dataId'], { shape, dtype }: TensorInfo): TensorInfo & { readonly rank: number } {
  return { dataId, shape, dtype, rank: shape.length };
}

/**
 * Runs a kernel of TensorFlow.js's `cpu` backend on data of this one: for the eager mode, where rare kernels,
 * strings and complex numbers need no speed.
 */
class CpuFallback {
  readonly #cpu = new MathBackendCPU();
  readonly #kernels = new Map(
    getKernelsForBackend('cpu').map(({ kernelName, kernelFunc }) => [kernelName, kernelFunc]),
  );

  /** Calls so far, by kernel. */
  readonly calls = new Map<string, number>();

  constructor() {
    // At its first use the backend would print the advice to install another one.
    (this.#cpu as unknown as { firstUse: boolean }).firstUse = false;
  }

  get kernelNames(): readonly string[] {
    return [...this.#kernels.keys()];
  }

  run(
    kernelName: string,
    inputs: NamedTensorInfoMap,
    attrs: object,
    backend: TrunklineBackend,
  ): TensorInfo | TensorInfo[] {
    const kernel = this.#kernels.get(kernelName) as KernelFunc;
    this.calls.set(kernelName, (this.calls.get(kernelName) ?? 0) + 1);
    const named = Object.fromEntries(
      Object.entries(inputs).map(([name, info]) => [
        name,
        Array.isArray(info) ? info.map((i) => this.#send(i, backend)) : info && this.#send(info, backend),
      ]),
    );
    const sent = Array.isArray(inputs) ? Object.values(named) : named;
    const result = kernel({ inputs: sent as NamedTensorInfoMap, attrs: attrs as never, backend: this.#cpu });
    const received = Array.isArray(result)
      ? result.map((info) => this.#receive(info, backend))
      : this.#receive(result, backend);
    for (const info of Object.values(named).flat()) if (info) this.#cpu.disposeData(info.dataId, true);
    return received;
  }

  #send(info: TensorInfo, backend: TrunklineBackend): TensorInfo {
    const content = backend.contentOf(info.dataId);
    const { shape, dtype } = info;
    if (content.kind === 'complex') {
      const [real, imag] = [this.#send(content.real, backend), this.#send(content.imag, backend)];
      const dataId = this.#cpu.write(null as never, shape, 'complex64');
      (this.#cpu.data.get(dataId) as { complexTensorInfos?: object }).complexTensorInfos = {
        real: { ...real, shape },
        imag: { ...imag, shape },
      };
      return given(dataId, info);
    }
    return given(this.#cpu.write(backend.readSync(info.dataId), shape, dtype), info);
  }

  #receive(info: TensorInfo, backend: TrunklineBackend): TensorInfo {
    const data = this.#cpu.data.get(info.dataId) as CpuData;
    if (!data.complexTensorInfos) return backend.makeTensorInfo(info.shape, info.dtype, data.values as Float32Array);
    const { real, imag } = data.complexTensorInfos;
    return backend.complexOf(
      this.#receive({ ...real, shape: info.shape }, backend),
      this.#receive({ ...imag, shape: info.shape }, backend),
    );
  }
}

let fallback: CpuFallback | undefined;

export function cpuFallback(): CpuFallback {
  fallback ??= new CpuFallback();
  return fallback;
}
