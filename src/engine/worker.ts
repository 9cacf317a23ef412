import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { Executor, type ExecutorOptions } from './executor.ts';
import { serve } from './remote.ts';

/** What the engine worker is started with. */
export interface WorkerData {
  readonly memory: WebAssembly.Memory;
  readonly options: ExecutorOptions;
}

const { memory, options } = workerData as WorkerData;
serve(parentPort as MessagePort, () => new Executor(memory, options));
