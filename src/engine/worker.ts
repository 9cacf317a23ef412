import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { Executor, type ExecutorOptions } from './executor.ts';
import { serve } from './remote.ts';

/** What the engine worker is started with. */
export interface WorkerData {
  readonly memory: WebAssembly.Memory;
  readonly options: ExecutorOptions;
  readonly signal: Int32Array;
}

const { memory, options, signal } = workerData as WorkerData;
await serve(parentPort as MessagePort, signal, () => new Executor(memory, options));
