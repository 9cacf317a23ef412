import { type MessagePort, receiveMessageOnPort, type Worker } from 'node:worker_threads';
import { CompileError, ConfigError, EngineError, type Issue, ShapeError, TrunklineError } from '../core/error.ts';
import { formatValue } from '../core/format.ts';

interface Request {
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

interface Failure {
  readonly message: string;
  /** Of an error of ours: its class, and what it is made of. */
  readonly name?: string;
  readonly issues?: readonly Issue[];
  readonly stack?: string | undefined;
}

type Reply = { readonly id: number; readonly result: unknown } | { readonly id: number; readonly failure: Failure };

// biome-ignore lint/suspicious/noExplicitAny: a method's own types are kept by Remote
type Methods = { [name: string]: (...args: any[]) => unknown };

/** The methods of an object in another thread: the same arguments, the result in a promise. */
export type Remote<T> = {
  // biome-ignore lint/suspicious/noExplicitAny: matches every method
  [K in keyof T as T[K] extends (...args: any[]) => unknown ? K : never]: T[K] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
};

function describe(error: unknown): Failure {
  if (error instanceof TrunklineError)
    return { message: error.message, name: error.name, issues: error.issues, stack: error.stack };
  return error instanceof Error ? { message: error.message, stack: error.stack } : { message: String(error) };
}

const classes = { CompileError, ConfigError, EngineError, ShapeError };

function revive({ message, name, issues, stack }: Failure): Error {
  const Class = classes[name as keyof typeof classes] ?? TrunklineError;
  const error = issues ? new Class(issues) : new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}

/**
 * Answers requests with the methods of an object, in the order they come. The thread sleeps on `signal` in between and
 * not in its event loop, which would take many times as long to wake; it runs its event loop only while a method's
 * promise is open.
 * @param signal `[1]`, shared: counts the requests sent
 * @param open makes the object at the first request; when it throws, that is the answer
 */
export async function serve(port: MessagePort, signal: Int32Array, open: () => object): Promise<never> {
  let target: Methods | undefined;
  for (let answered = 0; ; ) {
    Atomics.wait(signal, 0, answered);
    for (let received = receiveMessageOnPort(port); received; received = receiveMessageOnPort(port)) {
      answered++;
      const { id, method, args } = received.message as Request;
      try {
        target ??= open() as Methods;
        if (typeof target[method] !== 'function') throw unknownMethod(method);
        const result = target[method](...args);
        port.postMessage({ id, result: result instanceof Promise ? await result : result } satisfies Reply);
      } catch (error) {
        port.postMessage({ id, failure: describe(error) } satisfies Reply);
      }
    }
  }
}

function unknownMethod(method: string): EngineError {
  return new EngineError({ where: 'engine worker', expected: 'a method it has', found: formatValue(method) });
}

/** What a worker and those who call it count requests in. */
export function makeSignal(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}

/** What became of the thread that was being talked to. */
export type Ended = { readonly reason: 'asked' } | { readonly reason: 'failed'; readonly error: EngineError };

/**
 * Calls methods served by a worker.
 * @param onEnd told once, when the worker has ended; every call still open, and every later one, is rejected with the
 *   same error
 */
export class WorkerClient<T extends object> {
  readonly #worker: Worker;
  readonly #signal: Int32Array;
  readonly #open = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #next = 0;
  #closing = false;
  #failure: EngineError | undefined;
  readonly call: Remote<T>;

  /** @param signal what the worker's `serve` was given */
  constructor(worker: Worker, signal: Int32Array, onEnd: (ended: Ended) => void = () => {}) {
    this.#worker = worker;
    this.#signal = signal;
    this.call = new Proxy({} as Remote<T>, {
      get:
        (_, method: string) =>
        (...args: unknown[]) =>
          this.#request(method, args),
    });
    // An idle worker keeps no process alive: one that forgets to close its engine, or fails before, still ends.
    worker.unref();
    worker.on('message', (reply: Reply) => this.#settle(reply));
    worker.on('error', (error) => this.#fail(error.message, error));
    worker.on('messageerror', (error) => this.#fail(`a message that could not be read (${error.message})`, error));
    worker.on('exit', (code) => {
      if (this.#closing) onEnd({ reason: 'asked' });
      else onEnd({ reason: 'failed', error: this.#fail(`an end with exit code ${code}`) });
    });
  }

  /** Whether calls are answered. */
  get isRunning(): boolean {
    return this.#failure === undefined;
  }

  /** Ends the worker. Open and later calls are rejected; a second call does nothing. */
  async close(): Promise<void> {
    if (this.isRunning) {
      this.#closing = true;
      this.#failure = new EngineError({ where: 'engine worker', expected: 'a running thread', found: 'a closed one' });
    }
    await this.#worker.terminate();
    this.#rejectOpen();
  }

  #request(method: string, args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      const id = this.#next++;
      this.#worker.postMessage({ id, method, args } satisfies Request);
      this.#open.set(id, { resolve, reject });
      if (this.#open.size === 1) this.#worker.ref();
      Atomics.add(this.#signal, 0, 1);
      Atomics.notify(this.#signal, 0);
    });
  }

  #settle(reply: Reply): void {
    const waiting = this.#open.get(reply.id);
    this.#open.delete(reply.id);
    if (this.#open.size === 0) this.#worker.unref();
    if ('failure' in reply) waiting?.reject(revive(reply.failure));
    else waiting?.resolve(reply.result);
  }

  #fail(found: string, cause?: Error): EngineError {
    this.#failure ??= new EngineError(
      { where: 'engine worker', expected: 'a running thread', found, hint: 'restart from the last checkpoint' },
      cause ? { cause } : undefined,
    );
    this.#rejectOpen();
    void this.#worker.terminate();
    return this.#failure;
  }

  #rejectOpen(): void {
    for (const { reject } of this.#open.values()) reject(this.#failure as EngineError);
    this.#open.clear();
  }
}
