import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError, type Issue } from '../../core/error.ts';
import type { Provider } from './runner.ts';

const cudaFiles = ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so'];

const installCuda =
  'on Linux x64, ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install.js fetches them';

/**
 * Asks before native code does, which would print.
 * @param folder where the library of ONNX Runtime lies
 * @throws EngineError when files that the provider needs are not installed
 */
export function checkProvider(provider: Provider, folder: string): void {
  if (provider !== 'cuda') return;
  const missing = cudaFiles.filter((file) => !existsSync(join(folder, file)));
  if (missing.length > 0)
    throw new EngineError({
      where: 'provider cuda',
      expected: `ONNX Runtime's CUDA libraries in ${folder}`,
      found: `no ${missing.join(' and no ')}`,
      hint: installCuda,
    });
}

/** Why a provider other than `cpu` could not be added to a session. */
export function providerIssue(provider: Provider, message: string): Issue {
  if (provider === 'webgpu')
    return {
      where: 'provider webgpu',
      expected: 'a GPU adapter',
      found: message,
      hint: 'on Linux it needs a Vulkan driver for the GPU; the engine onnx-cpu needs none',
    };
  return {
    where: `provider ${provider}`,
    expected: 'CUDA 12, cuDNN 9 and an NVIDIA driver where the system finds libraries',
    found: message,
    hint: 'see that nvidia-smi works, and that LD_LIBRARY_PATH names the CUDA and cuDNN libraries',
  };
}
