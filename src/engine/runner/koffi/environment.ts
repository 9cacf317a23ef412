import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import type { Issue } from '../../../core/error.ts';
import type { Pointer } from './api.ts';
import type { OrtLibrary } from './library.ts';

const poolKey = 'trunkline.onnxruntime.poolThreads';
const logErrors = 3;
const arenaAllocator = 1;
const defaultMemory = 0;

/** What lives as long as the process. */
export interface Environment {
  readonly env: Pointer;
  /** Describes arrays of ours to ONNX Runtime. */
  readonly memory: Pointer;
  readonly allocator: Pointer;
  /** Threads of the process's pool as far as this thread knows; 0 when there is none. */
  readonly poolThreads: number;
}

/**
 * ONNX Runtime's environment. A process has one, made as the first of its threads wants it; later ones get that one:
 * with a pool when the first asked for several threads, and never another pool. Node hands the pool's size down to
 * the workers started later; one that came about in a worker, other threads can't see.
 */
export function createEnvironment(ort: OrtLibrary, threads: number): Environment {
  const { api } = ort;
  const issue = (found: string): Issue => ({ where: ort.path, expected: 'an environment of ONNX Runtime', found });
  const env =
    threads > 1
      ? createWithPool(ort, threads, issue)
      : ort.make((out) => api.CreateEnv(logErrors, 'trunkline', out), issue);
  const known = getEnvironmentData(poolKey);
  const poolThreads = typeof known === 'number' ? known : threads > 1 ? threads : 0;
  setEnvironmentData(poolKey, poolThreads);
  return {
    env,
    memory: ort.make((out) => api.CreateCpuMemoryInfo(arenaAllocator, defaultMemory, out), issue),
    allocator: ort.make((out) => api.GetAllocatorWithDefaultOptions(out), issue),
    poolThreads,
  };
}

function createWithPool(ort: OrtLibrary, threads: number, issue: (found: string) => Issue): Pointer {
  const { api } = ort;
  const options = ort.make((out) => api.CreateThreadingOptions(out), issue);
  try {
    ort.check(api.SetGlobalIntraOpNumThreads(options, threads), issue);
    ort.check(api.SetGlobalInterOpNumThreads(options, 1), issue);
    // A spinning thread takes a core from whoever else works: 1.5 to 2 times slower steps on a busy machine.
    ort.check(api.SetGlobalSpinControl(options, 0), issue);
    return ort.make((out) => api.CreateEnvWithGlobalThreadPools(logErrors, 'trunkline', options, out), issue);
  } finally {
    api.ReleaseThreadingOptions(options);
  }
}
