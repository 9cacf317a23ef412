import type { Issue } from '../../../core/error.ts';
import type { Pointer } from './api.ts';
import type { OrtLibrary } from './library.ts';

const logErrors = 3;
const arenaAllocator = 1;
const defaultMemory = 0;

/** What lives as long as the process. */
export interface Environment {
  readonly env: Pointer;
  /** Describes arrays of ours to ONNX Runtime. */
  readonly memory: Pointer;
  readonly allocator: Pointer;
}

/** ONNX Runtime's environment: a process has one, made as the first of its threads wants it. */
export function createEnvironment(ort: OrtLibrary): Environment {
  const { api } = ort;
  const issue = (found: string): Issue => ({ where: ort.path, expected: 'an environment of ONNX Runtime', found });
  return {
    env: ort.make((out) => api.CreateEnv(logErrors, 'trunkline', out), issue),
    memory: ort.make((out) => api.CreateCpuMemoryInfo(arenaAllocator, defaultMemory, out), issue),
    allocator: ort.make((out) => api.GetAllocatorWithDefaultOptions(out), issue),
  };
}
