// Workers load TypeScript through SWC's native module, which faults when it is unloaded with the last thread that has it
// and then loaded again: here it stays.
import '@swc/core';
import { Worker } from 'node:worker_threads';
import type { OpenOptions } from '../../../src/engine/runner/index.ts';

const typescript = new URL('../../../scripts/typescript.js', import.meta.url).href;

/** Opens a runner in a worker thread, adds with it, and waits for the thread's end. @returns the sums */
export function openInWorker(options: OpenOptions): Promise<readonly number[]> {
  return new Promise((resolve, reject) => {
    let told: readonly number[] | undefined;
    const worker = new Worker(new URL('./opener.ts', import.meta.url), {
      workerData: options,
      execArgv: ['--import', typescript],
    });
    worker.once('message', (message: readonly number[]) => {
      told = message;
    });
    worker.once('error', reject);
    worker.once('exit', (code) => (told ? resolve(told) : reject(new Error(`the worker ended with ${code}`))));
  });
}
