import { Worker } from 'node:worker_threads';

const fromSource = import.meta.url.endsWith('.ts');
/** How Node loads TypeScript sources in a thread; a built package needs nothing. */
const execArgv = fromSource ? ['--import', new URL('../../scripts/typescript.js', import.meta.url).href] : [];

/**
 * Starts a module of this folder in a thread of its own, from source or as built.
 * @param path without its ending, relative to `src/engine/`
 */
export function startThread(path: string, workerData: unknown): Worker {
  return new Worker(new URL(`./${path}.${fromSource ? 'ts' : 'js'}`, import.meta.url), { workerData, execArgv });
}
