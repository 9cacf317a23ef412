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

/** What a member of a crew is doing. Written by whoever hands over. */
export const state = { starting: 0, idle: 1, asked: 2, leaving: 3 } as const;

/** Numbers of a request: which kernel, how many arguments, the arguments, and at the end the answer. */
export const requestLength = 24;
export const answerAt = requestLength - 1;

/** Values below which handing work over costs more than it saves. */
const worthDividing = 32_768;
/** Parts begin on cache lines. */
const grain = 16;
/** A member looks so often for more work before it goes to sleep: about 20 µs. */
export const looks = 2000;
/** The caller, whose part took as long as the others', looks longer before it does: waking takes longer still. */
const patientLooks = 20_000;

export interface CrewData {
  readonly memory: WebAssembly.Memory;
  /** One int32 for each member. */
  readonly states: Int32Array;
  /** `requestLength` numbers for each member. */
  readonly requests: Float64Array;
  readonly member: number;
}

type Numbers = readonly number[];

/**
 * The same kernels, large regions divided among threads. Each part is computed as alone, so parameters come out the
 * same to the bit with any number of threads; sums are added up part by part in a fixed order.
 */
export class KernelCrew {
  readonly kernels: KernelFunctions;
  readonly #own: KernelFunctions;
  readonly #states: Int32Array;
  readonly #requests: Float64Array;
  readonly #threads: readonly Worker[];
  readonly #patienceMs: number;
  #failure: EngineError | undefined;

  /**
   * @param threads the calling one included
   * @param patienceMs a member that has not answered for so long has died
   */
  constructor(own: Kernels, memory: WebAssembly.Memory, threads: number, patienceMs = 10_000) {
    const members = threads - 1;
    this.#own = own;
    this.#patienceMs = patienceMs;
    this.#states = new Int32Array(new SharedArrayBuffer(4 * members));
    this.#requests = new Float64Array(new SharedArrayBuffer(8 * requestLength * members));
    this.#threads = Array.from({ length: members }, (_, member) => {
      const data: CrewData = { memory, states: this.#states, requests: this.#requests, member };
      const thread = startThread('kernel/crew-member', data);
      thread.unref();
      thread.on('error', ({ message }) => this.#fail(member, `one that ended: ${message}`));
      return thread;
    });
    const divided = divisibleNames.map((name) => {
      const [alone, lengthAt] = [own[name] as (...args: Numbers) => number, divisible[name]];
      const run = (...args: Numbers): number =>
        (args[lengthAt] as number) < worthDividing && !this.#failure ? alone(...args) : this.#run(name, args);
      return [name, run];
    });
    this.kernels = { ...own, ...Object.fromEntries(divided) };
  }

  /** Why there is nobody to work any more: a part was not done, and each later call ends with the same error. */
  get failure(): EngineError | undefined {
    return this.#failure;
  }

  /** Settles when every thread takes work. Until then the calling one does it all. */
  async ready(): Promise<void> {
    for (const member of this.#threads.keys()) {
      const started = Atomics.waitAsync(this.#states, member, state.starting);
      if (started.async) await started.value;
    }
  }

  async close(): Promise<void> {
    for (const [member] of this.#threads.entries()) {
      Atomics.store(this.#states, member, state.leaving);
      Atomics.notify(this.#states, member);
    }
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  #run(name: Divisible, args: Numbers): number {
    if (this.#failure) throw this.#failure;
    const length = args[divisible[name]] as number;
    const own = this.#own[name] as (...args: Numbers) => number;
    const share = Math.ceil(length / (this.#threads.length + 1) / grain) * grain;
    const parts = Array.from({ length: this.#threads.length + 1 }, (_, at) =>
      part(name, args, share * at, share, length),
    );
    const [first, ...others] = parts as [Numbers, ...Numbers[]];
    // While members are starting, the parts are the same and this thread computes them all: sums come out the same.
    const ready = this.#isReady();
    if (ready) for (const [member, numbers] of others.entries()) this.#ask(member, name, numbers);
    const results = [
      own(...first),
      ...others.map((numbers, member) => (ready ? this.#answer(member) : own(...numbers))),
    ];
    return name === 'allFinite' ? Math.min(...results) : results.reduce((sum, result) => sum + result);
  }

  #isReady(): boolean {
    return this.#states.every((_, member) => Atomics.load(this.#states, member) === state.idle);
  }

  #ask(member: number, name: Divisible, args: Numbers): void {
    const base = member * requestLength;
    this.#requests[base] = divisibleNames.indexOf(name);
    this.#requests[base + 1] = args.length;
    this.#requests.set(args, base + 2);
    Atomics.store(this.#states, member, state.asked);
    Atomics.notify(this.#states, member);
  }

  #answer(member: number): number {
    for (let look = 0; look < patientLooks; look++)
      if (Atomics.load(this.#states, member) === state.idle) return this.#answerOf(member);
    while (Atomics.load(this.#states, member) === state.asked)
      if (Atomics.wait(this.#states, member, state.asked, this.#patienceMs) === 'timed-out')
        throw this.#fail(member, `none within ${this.#patienceMs / 1000} s`);
    return this.#answerOf(member);
  }

  #fail(member: number, found: string): EngineError {
    this.#failure ??= new EngineError({
      where: 'update kernels',
      expected: `an answer of thread ${member + 1}`,
      found,
      hint: 'restart from the last checkpoint',
    });
    return this.#failure;
  }

  #answerOf(member: number): number {
    return this.#requests[member * requestLength + answerAt] as number;
  }
}

/** The arguments for `share` values from `start` on. */
function part(name: Divisible, args: Numbers, start: number, share: number, length: number): Numbers {
  const addresses = divisible[name];
  return args.map((value, at) => {
    if (at < addresses) return value + start * Float32Array.BYTES_PER_ELEMENT;
    return at === addresses ? Math.max(0, Math.min(share, length - start)) : value;
  });
}
