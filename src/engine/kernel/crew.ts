import type { Worker } from 'node:worker_threads';
import { EngineError } from '../../core/error.ts';
import { startThread } from '../thread.ts';
import type { KernelFunctions, Kernels } from './kernels.ts';

/** Kernels whose work can be divided, and how many addresses they take before the length. */
export const divisible = {
  sgd: 2,
  momentum: 3,
  nesterov: 3,
  adam: 4,
  adagrad: 3,
  rmsprop: 3,
  lion: 3,
  squaredNorm: 1,
  allFinite: 1,
  scale: 1,
  clampValues: 1,
  flush: 1,
} as const satisfies Partial<Record<keyof KernelFunctions, number>>;

export type Divisible = keyof typeof divisible;
export const divisibleNames = Object.keys(divisible) as Divisible[];

/** What a member of a crew is doing. */
export const state = { starting: 0, idle: 1, asked: 2, working: 3, leaving: 4 } as const;

/** Values below which handing work over costs more than it saves. */
const worthDividing = 32_768;
/** All parts but the last have at least so many values, a multiple of a cache line; there are at most so many parts. */
const partLength = 16_384;
const mostParts = 1024;
/** A member looks so often for more work before it goes to sleep: about 20 µs. */
export const looks = 2000;
/** The caller, whose last part took as long as the others', looks longer before it does: waking takes longer still. */
const patientLooks = 20_000;

/** What the threads of a crew share. */
export interface CrewData {
  readonly memory: WebAssembly.Memory;
  /** One int32 for each member. */
  readonly states: Int32Array;
  /** `[1]`: the next part that nobody has begun. */
  readonly next: Int32Array;
  /** Which kernel, how many values a part has, how many arguments, the arguments of the whole. */
  readonly request: Float64Array;
  /** What the kernel gave for each part. */
  readonly results: Float64Array;
}

export interface MemberData extends CrewData {
  readonly member: number;
}

type Numbers = readonly number[];
type AnyKernel = (...args: Numbers) => number | undefined;

/** Does parts of what was asked for until there are none that nobody has begun. */
export function doParts(
  kernels: KernelFunctions,
  { next, request, results }: Omit<CrewData, 'memory' | 'states'>,
): void {
  const [index = 0, each = 0, count = 0, ...args] = request;
  const name = divisibleNames[index] as Divisible;
  const [kernel, addresses] = [kernels[name] as AnyKernel, divisible[name]];
  const length = args[addresses] as number;
  const part = args.slice(0, count);
  for (let at = Atomics.add(next, 0, 1); at * each < length; at = Atomics.add(next, 0, 1)) {
    for (let address = 0; address < addresses; address++)
      part[address] = (args[address] as number) + at * each * Float32Array.BYTES_PER_ELEMENT;
    part[addresses] = Math.min(each, length - at * each);
    results[at] = kernel(...part) ?? 0;
  }
}

/**
 * The same kernels, large regions divided into parts that threads take as they are free: one that is late, or sleeps,
 * holds up nobody. Parts do not depend on the number of threads and their sums are added up in their order, so whatever
 * is computed comes out the same to the bit with any number of threads.
 */
export class KernelCrew {
  readonly kernels: KernelFunctions;
  readonly #own: KernelFunctions;
  readonly #shared: CrewData;
  readonly #threads: readonly Worker[];
  readonly #patienceMs: number;
  #failure: EngineError | undefined;

  /**
   * @param threads the calling one included
   * @param patienceMs a member that has not ended its part for so long has died
   */
  constructor(own: Kernels, memory: WebAssembly.Memory, threads: number, patienceMs = 10_000) {
    const members = threads - 1;
    const mostArguments = 21;
    this.#own = own;
    this.#patienceMs = patienceMs;
    this.#shared = {
      memory,
      states: new Int32Array(new SharedArrayBuffer(4 * members)),
      next: new Int32Array(new SharedArrayBuffer(4)),
      request: new Float64Array(new SharedArrayBuffer(8 * (3 + mostArguments))),
      results: new Float64Array(new SharedArrayBuffer(8 * mostParts)),
    };
    this.#threads = Array.from({ length: members }, (_, member) => {
      const thread = startThread('kernel/crew-member', { ...this.#shared, member } satisfies MemberData);
      thread.unref();
      thread.on('error', ({ message }) => this.#fail(`'${message}' in thread ${member + 1}`));
      return thread;
    });
    const divided = divisibleNames.map((name) => {
      const [alone, lengthAt] = [own[name] as AnyKernel, divisible[name]];
      const run: AnyKernel = (...args) =>
        (args[lengthAt] as number) < worthDividing && !this.#failure ? alone(...args) : this.#run(name, args);
      return [name, run];
    });
    this.kernels = { ...own, ...Object.fromEntries(divided) };
  }

  /** Why there is nobody to work any more: a part was not done, and each later call ends with the same error. */
  get failure(): EngineError | undefined {
    return this.#failure;
  }

  /** Settles when every thread takes work. Until then the others do it all. */
  async ready(): Promise<void> {
    for (const member of this.#threads.keys()) {
      const started = Atomics.waitAsync(this.#shared.states, member, state.starting);
      if (started.async) await started.value;
    }
  }

  async close(): Promise<void> {
    const { states } = this.#shared;
    for (const member of this.#threads.keys()) {
      Atomics.store(states, member, state.leaving);
      Atomics.notify(states, member);
    }
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  #run(name: Divisible, args: Numbers): number {
    if (this.#failure) throw this.#failure;
    const { states, next, request, results } = this.#shared;
    const length = args[divisible[name]] as number;
    const each = Math.max(partLength, Math.ceil(length / mostParts / 16) * 16);
    request.set([divisibleNames.indexOf(name), each, args.length, ...args]);
    Atomics.store(next, 0, 0);
    for (const member of this.#threads.keys())
      if (Atomics.compareExchange(states, member, state.idle, state.asked) === state.idle)
        Atomics.notify(states, member);
    try {
      doParts(this.#own, this.#shared);
    } catch (error) {
      this.#fail(`'${(error as Error).message}' in the calling thread`);
    }
    for (const member of this.#threads.keys())
      if (Atomics.compareExchange(states, member, state.asked, state.idle) === state.working) this.#awaitEnd(member);
    if (this.#failure) throw this.#failure;
    const found = results.subarray(0, Math.ceil(length / each));
    return name === 'allFinite' ? Math.min(...found) : found.reduce((sum, result) => sum + result, 0);
  }

  #awaitEnd(member: number): void {
    const { states } = this.#shared;
    for (let look = 0; look < patientLooks; look++) if (Atomics.load(states, member) !== state.working) return;
    while (!this.#failure && Atomics.load(states, member) === state.working)
      if (Atomics.wait(states, member, state.working, this.#patienceMs) === 'timed-out')
        this.#fail(`none of thread ${member + 1} within ${this.#patienceMs / 1000} s`);
  }

  #fail(found: string): void {
    this.#failure ??= new EngineError({
      where: 'update kernels',
      expected: 'an end of every part',
      found,
      hint: 'restart from the last checkpoint',
    });
  }
}
