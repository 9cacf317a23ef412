import { expect, it, onTestFinished, vi } from 'vitest';
import { Arena } from '../../../src/engine/arena.ts';
import { KernelCrew } from '../../../src/engine/kernel/crew.ts';
import { type KernelFunctions, loadKernels } from '../../../src/engine/kernel/index.ts';

/** Long enough to be divided, and not a multiple of anything. */
const length = 100_003;

function memoryWith(...names: string[]): { arena: Arena; at: (name: string) => number } {
  const arena = new Arena(1 << 24);
  for (const [seed, name] of names.entries()) {
    arena.allocate(name, 'float32', [length]);
    (arena.view(name) as Float32Array).forEach((_, index, values) => {
      values[index] = Math.sin(index * 12.9898 + seed) + (name === 'v' ? 1.5 : 0);
    });
  }
  return { arena, at: (name) => arena.region(name).byteOffset };
}

async function crewOf(arena: Arena, threads: number, patienceMs?: number): Promise<KernelCrew> {
  const crew = new KernelCrew(loadKernels(arena.memory), arena.memory, threads, patienceMs);
  onTestFinished(() => crew.close());
  await crew.ready();
  return crew;
}

function step(kernels: KernelFunctions, at: (name: string) => number): number {
  const norm = kernels.squaredNorm(at('g'), length);
  kernels.adam(at('w'), at('m'), at('v'), at('g'), length, 1e-3, 1, 1e-4, 1e-2, 0.9, 0.999, 1e-8, 0.1, 0.001);
  kernels.clampValues(at('g'), length, 0.5);
  return norm;
}

it.each([2, 3, 5])('moves parameters with %i threads as with one, bit for bit', async (threads) => {
  const [alone, together] = [memoryWith('w', 'm', 'v', 'g'), memoryWith('w', 'm', 'v', 'g')];
  const norm = step(loadKernels(alone.arena.memory), alone.at);
  const crew = await crewOf(together.arena, threads);
  expect(step(crew.kernels, together.at)).toBeCloseTo(norm, 3);
  expect(Buffer.from(together.arena.memory.buffer).equals(Buffer.from(alone.arena.memory.buffer))).toBe(true);
});

it('gives the same sums with any number of threads, also while they are starting', async () => {
  const { arena, at } = memoryWith('g');
  const sums = [1, 2, 3].map((threads) => {
    const crew = new KernelCrew(loadKernels(arena.memory), arena.memory, threads);
    onTestFinished(() => crew.close());
    const early = crew.kernels.squaredNorm(at('g'), length);
    return crew.ready().then(() => [early, crew.kernels.squaredNorm(at('g'), length)]);
  });
  const [[first] = [], ...others] = await Promise.all(sums);
  expect(new Set([first, ...others.flat()]).size).toBe(1);
});

it('does each part once, whether its threads sleep, are late or awake', async () => {
  const [alone, together] = [memoryWith('g'), memoryWith('g')];
  const own = loadKernels(alone.arena.memory);
  const crew = await crewOf(together.arena, 3);
  for (let call = 0; call < 2000; call++) {
    const factor = call % 2 === 0 ? 1.5 : 0.75;
    own.scale(alone.at('g'), 40_000, factor);
    crew.kernels.scale(together.at('g'), 40_000, factor);
    // Threads go to sleep after 20 µs without work.
    const until = performance.now() + (call % 5) * 0.015;
    while (performance.now() < until);
  }
  expect(Buffer.from(together.arena.memory.buffer).equals(Buffer.from(alone.arena.memory.buffer))).toBe(true);
});

it('finds what is not finite in any part', async () => {
  const { arena, at } = memoryWith('g');
  const { kernels } = await crewOf(arena, 3);
  expect(kernels.allFinite(at('g'), length)).toBe(1);
  for (const place of [0, length >> 1, length - 1]) {
    const values = arena.view('g') as Float32Array;
    const before = values[place] as number;
    values[place] = Number.NaN;
    expect(kernels.allFinite(at('g'), length)).toBe(0);
    expect(kernels.squaredNorm(at('g'), length)).toBeNaN();
    values[place] = before;
  }
});

it('ends every call with one error once a part was not done: what it was to move may be half moved', async () => {
  const { arena, at } = memoryWith('g');
  const crew = await crewOf(arena, 2, 50);
  expect(crew.failure).toBeUndefined();
  // The second half lies beyond the memory.
  const beyond = arena.memory.buffer.byteLength - 4 * (length >> 1) - 64;
  const errors = [() => crew.kernels.scale(beyond, length, 1), () => crew.kernels.scale(at('g'), 4, 1)].map((call) => {
    try {
      return call();
    } catch (error) {
      return error;
    }
  });
  // Which thread meets the end of the memory first is a matter of chance.
  expect((errors[0] as Error).message).toMatch(
    /^update kernels: expected an end of every part; found ('memory access out of bounds' in the calling thread|none of thread 1 within 0\.05 s)\n {2}hint: restart from the last checkpoint$/,
  );
  expect(errors[1]).toBe(errors[0]);
  expect(crew.failure).toBe(errors[0]);
});

it('says so when a thread breaks', async () => {
  const { arena, at } = memoryWith('g');
  // Kernels on another kind of memory cannot be loaded.
  const crew = new KernelCrew(loadKernels(arena.memory), {} as WebAssembly.Memory, 2);
  onTestFinished(() => crew.close());
  await vi.waitUntil(() => crew.failure);
  expect(() => crew.kernels.squaredNorm(at('g'), length)).toThrow(
    /^update kernels: expected an end of every part; found '.*memory.*' in thread 1/,
  );
});
