import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KernelFunctions } from '../../../src/engine/kernel/index.ts';
import { builds, implement, newMemory, twinOf } from './implementation.ts';
import { bytesBeside, fill, layout } from './layout.ts';
import { anyValue } from './value.ts';

interface Case {
  /** How many regions the kernel is given. */
  readonly regions: number;
  readonly scalars: readonly fc.Arbitrary<number>[];
  /** The first regions, those it may write to. */
  readonly writes: number;
  call(kernels: KernelFunctions, addresses: number[], length: number, scalars: number[]): unknown;
}

const unit = fc.double({ min: 0, max: 1, noNaN: true });
const orZero = fc.oneof(fc.constant(0), unit);
const decay = [unit, fc.oneof(fc.constant(1), unit), orZero, orZero]; // learning rate, scale, l2, decay
const epsilon = fc.constantFrom(1e-10, 1e-8, 1e-3);
const correction = fc.double({ min: 1e-3, max: 1, noNaN: true });

/** Calls that take addresses, length and scalars in this order, as all but two kernels do. */
const inOrder = (
  name: keyof KernelFunctions,
  regions: number,
  writes: number,
  scalars: fc.Arbitrary<number>[],
): Case => ({
  regions,
  writes,
  scalars,
  call: (kernels, addresses, length, values) =>
    Reflect.apply(kernels[name], undefined, [...addresses, length, ...values]),
});

/** All but `addRows`, which has a test of its own. */
const cases: { readonly [name in Exclude<keyof KernelFunctions, 'addRows'>]: Case } = {
  sgd: inOrder('sgd', 2, 1, decay),
  momentum: inOrder('momentum', 3, 2, [...decay, unit]),
  nesterov: inOrder('nesterov', 3, 2, [...decay, unit]),
  adam: inOrder('adam', 4, 3, [...decay, unit, unit, epsilon, correction, correction]),
  adagrad: inOrder('adagrad', 3, 2, [...decay, epsilon]),
  rmsprop: inOrder('rmsprop', 3, 2, [...decay, unit, epsilon]),
  lion: inOrder('lion', 3, 2, [...decay, unit, unit]),
  squaredNorm: inOrder('squaredNorm', 1, 0, []),
  allFinite: inOrder('allFinite', 1, 0, []),
  scale: inOrder('scale', 1, 1, [anyValue]),
  clampValues: inOrder('clampValues', 1, 1, [fc.double({ min: 0, max: 4, noNaN: true })]),
  flush: inOrder('flush', 1, 1, [fc.constantFrom(2 ** -126, 2 ** -100, 0.5)]),
  clear: inOrder('clear', 1, 1, []),
  copy: {
    regions: 2,
    writes: 1,
    scalars: [],
    call: (kernels, [to, from], length) => kernels.copy(to!, from!, length * 4),
  },
};

describe.each(builds)('the %s build', (build) => {
  test.each(Object.entries(cases))(
    '%s equals its twin bit for bit and touches nothing else',
    (_, { regions, scalars, writes, call }) => {
      const memories = [newMemory(), newMemory()] as const;
      const kernels = implement(build, memories[0]);
      const twin = twinOf(build, memories[1]);
      let told = 0;
      fc.assert(
        fc.property(layout(regions), fc.tuple(...scalars), ({ length, gaps, values }, numbers) => {
          const fast = fill(memories[0], gaps, values);
          const slow = fill(memories[1], gaps, values);
          const before = bytesBeside(fast, writes);
          const whole = bytesBeside(fast, 0);
          const results = [call(kernels, fast.addresses, length, numbers), call(twin, slow.addresses, length, numbers)];
          expect(results[0]).toBe(results[1]);
          // `toEqual` on arrays tells −0 from 0 and takes NaN to equal NaN.
          expect(fast.regions.map((region) => [...region])).toEqual(slow.regions.map((region) => [...region]));
          expect(bytesBeside(fast, writes).equals(before)).toBe(true);
          if (!bytesBeside(fast, 0).equals(whole) || (writes === 0 && length > 0)) told++;
        }),
        { numRuns: 200 },
      );
      expect(told).toBeGreaterThan(50);
    },
  );

  test('has the kernels of the contract, each of which has a case here', () => {
    const functions = Object.entries(implement(build, newMemory())).filter(([, value]) => typeof value === 'function');
    const expected = [...Object.keys(cases), 'addRows'].sort();
    expect(functions.map(([name]) => name).sort()).toEqual(expected);
    expect(Object.keys(twinOf(build, newMemory())).sort()).toEqual(expected);
  });

  test('copies any number of bytes, also onto themselves', () => {
    const memory = newMemory();
    const bytes = new Uint8Array(memory.buffer, 64, 10);
    bytes.set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const kernels = implement(build, memory);
    kernels.copy(66, 64, 7);
    expect([...bytes]).toEqual([0, 1, 0, 1, 2, 3, 4, 5, 6, 9]);
  });

  test.each([NaN, Infinity, -Infinity])('finds a single %s at any place', (bad) => {
    const memory = newMemory();
    const kernels = implement(build, memory);
    for (let length = 1; length <= 20; length++) {
      const values = new Float32Array(memory.buffer, 4, length).fill(-3e38);
      expect([kernels.allFinite(4, length), kernels.squaredNorm(4, length)]).toEqual([
        1,
        expect.closeTo(length * 9e76, -74),
      ]);
      for (let place = 0; place < length; place++) {
        values[place] = bad;
        expect([length, place, kernels.allFinite(4, length)]).toEqual([length, place, 0]);
        expect(kernels.squaredNorm(4, length)).toBe(bad * bad);
        values[place] = -3e38;
      }
    }
  });
});
