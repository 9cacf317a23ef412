import type { EngineError } from '../core/error.ts';
import { type EventSink, ignoreEvents, type TrunklineEvent } from '../core/event.ts';
import type { Arena } from './arena.ts';
import { Executor, type ExecutorOptions } from './executor.ts';
import { makeSignal, type Remote, WorkerClient } from './remote.ts';
import { openRunner } from './runner/index.ts';
import { startThread } from './thread.ts';
import type { WorkerData } from './worker.ts';

/** An executor, in this thread or in a worker. */
export interface ExecutorHost {
  readonly executor: Remote<Executor>;
  close(): Promise<void>;
}

/** Runs steps in the calling thread: for small programs and scripts. Nothing else happens meanwhile. */
export function inlineHost(arena: Arena, options: ExecutorOptions): ExecutorHost {
  const executor = new Executor(arena.memory, options);
  const remote = new Proxy({} as Remote<Executor>, {
    get:
      (_, method: keyof Executor) =>
      async (...args: never[]) =>
        (executor[method] as (...args: never[]) => unknown).apply(executor, args),
  });
  return { executor: remote, close: () => remote.close() };
}

/**
 * Runs steps in a worker thread, so that this one stays responsive.
 * @throws EngineError when the worker cannot start
 */
export async function workerHost(
  arena: Arena,
  options: ExecutorOptions,
  events: EventSink = ignoreEvents,
): Promise<ExecutorHost> {
  const started = performance.now();
  const signal = makeSignal();
  const data: WorkerData = { memory: arena.memory, options, signal };
  let running = false;
  const client = new WorkerClient<Executor>(startThread('worker', data), signal, (ended) => {
    if (!running) return;
    events(ended.reason === 'asked' ? { type: 'workerStopped' } : workerFailed(ended.error));
  });
  try {
    // Opened here, while the worker starts: so the library outlives it.
    openRunner({ threads: options.threads, ...(options.runner ? { only: options.runner } : {}) });
    await client.call.status();
  } catch (error) {
    await client.close();
    throw error;
  }
  running = true;
  events({ type: 'workerStarted', startMs: performance.now() - started });
  return {
    executor: client.call,
    close: async () => {
      try {
        if (client.isRunning) await client.call.close();
      } finally {
        await client.close();
      }
    },
  };
}

function workerFailed({ message, cause }: EngineError): TrunklineEvent {
  const stack = cause instanceof Error ? cause.stack : undefined;
  return { type: 'workerFailed', message, ...(stack === undefined ? {} : { stack }) };
}
