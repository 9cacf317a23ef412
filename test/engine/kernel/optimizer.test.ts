import { describe, expect, test } from 'vitest';
import { EngineError } from '../../../src/core/error.ts';
import { type OptimizerType, optimizerKernels } from '../../../src/engine/kernel/index.ts';
import { golden } from './golden.ts';
import { type Group, newGroups, step } from './group.ts';
import { builds, implement, newMemory } from './implementation.ts';

const types = Object.keys(optimizerKernels) as OptimizerType[];

test('every optimizer has golden steps', () => {
  expect(new Set(golden.map(({ type }) => type))).toEqual(new Set(types));
});

describe.each(['twin', ...builds] as const)('on the %s kernels', (implementation) => {
  test.each(golden)('$type takes the published steps (scale $scale, settings $settings)', (expected) => {
    const memory = newMemory();
    const kernels = implement(implementation, memory);
    const [group] = newGroups(memory, expected.type, [7]) as [Group];
    const { scale = 1, settings = {} } = expected;
    group.parameter.fill(1);
    [0.5, -0.25].forEach((gradient, index) => {
      group.gradient.fill(gradient);
      step(kernels, group, { learningRate: 0.1, scale, settings });
      for (const value of group.parameter) expect(value).toBeCloseTo(expected.parameter[index] as number, 6);
    });
    expect(group.slots).toHaveLength(expected.slots.length);
    group.slots.forEach((slot, place) => {
      const wanted = expected.slots[place] as number;
      for (const value of slot) expect(Math.abs(value - wanted)).toBeLessThanOrEqual(1e-6 * wanted);
    });
  });

  test.each(types)('%s leaves an absent group bit-identical between two that move', (type) => {
    const memory = newMemory();
    const kernels = implement(implementation, memory);
    const [before, absent, after] = newGroups(memory, type, [61, 6, 67]) as [Group, Group, Group];
    for (const { parameter, slots } of [before, absent, after])
      for (const region of [parameter, ...slots]) region.fill(0.5);
    absent.gradient.fill(NaN);
    const bits = () =>
      [absent.parameter, absent.gradient, ...absent.slots].map(({ buffer, byteOffset, length }) => [
        ...new Uint32Array(buffer, byteOffset, length),
      ]);
    const untouched = bits();
    for (let time = 0; time < 300; time++)
      for (const group of [before, after]) {
        for (const index of group.gradient.keys()) group.gradient[index] = Math.sin(time + index);
        step(kernels, group, { learningRate: 0.01, settings: { decay: 0.01 } });
      }
    expect(bits()).toEqual(untouched);
    for (const { parameter, slots } of [before, after])
      for (const region of [parameter, ...slots]) expect([...region]).not.toContain(0.5);
  });

  const fading = types.filter((type) => optimizerKernels[type].slots.length > 0 && type !== 'adagrad');

  test.each(fading)('%s lets slots without gradient fade to 0, never to subnormal numbers', (type) => {
    const memory = newMemory();
    const kernels = implement(implementation, memory);
    const [group] = newGroups(memory, type, [5]) as [Group];
    for (const slot of group.slots) slot.fill(1e-20);
    group.parameter.fill(1);
    // The slowest to fade, beta2 = 0.999, takes 23,000 steps from 1e-20 to 2^-100.
    let subnormal = 0;
    for (let time = 0; time < 25_000; time++) {
      step(kernels, group, { learningRate: 0 });
      if (group.slots.some((slot) => slot.some((value) => value !== 0 && Math.abs(value) < 2 ** -126))) subnormal++;
    }
    expect(subnormal).toBe(0);
    for (const slot of group.slots) expect([...slot]).toEqual([0, 0, 0, 0, 0]);
    expect([...group.parameter]).toEqual([1, 1, 1, 1, 1]);
  });

  const isSubnormal = (value: number): boolean => value !== 0 && Math.abs(value) < 2 ** -126;

  test.each(types)('%s lets parameters that decay fade to 0, never to subnormal numbers', (type) => {
    const memory = newMemory();
    const kernels = implement(implementation, memory);
    const [group, kept] = newGroups(memory, type, [5, 5]) as [Group, Group];
    for (const { parameter } of [group, kept]) parameter.fill(1e-20);
    let subnormal = 0;
    for (let time = 0; time < 1000; time++) {
      step(kernels, group, { learningRate: 1, settings: { decay: 0.1 } });
      step(kernels, kept, { learningRate: 1 });
      if (group.parameter.some(isSubnormal)) subnormal++;
    }
    expect(subnormal).toBe(0);
    expect([...group.parameter]).toEqual([0, 0, 0, 0, 0]);
    expect([...kept.parameter]).toEqual(new Array(5).fill(Math.fround(1e-20)));
  });

  test.each(types)('%s makes no subnormal numbers of gradients whose squares are', (type) => {
    const memory = newMemory();
    const kernels = implement(implementation, memory);
    const [group] = newGroups(memory, type, [9]) as [Group];
    group.parameter.fill(1);
    group.gradient.set([1e-15, 1e-17, 6e-18, -3e-18, 1e-19, -3e-20, 1e-21, 1e-22, 0]);
    for (let time = 0; time < 70; time++) {
      step(kernels, group, { learningRate: 1e-3 });
      for (const slot of group.slots) expect(slot.filter(isSubnormal)).toEqual(new Float32Array());
    }
  });
});

test('refuses slots that are not the optimizer’s', () => {
  const kernels = implement('twin', newMemory());
  const [group] = newGroups(newMemory(), 'momentum', [3]) as [Group];
  const wrong = () => step(kernels, { ...group, type: 'adam' }, { learningRate: 1 });
  expect(wrong).toThrow(EngineError);
  expect(wrong).toThrow('optimizer kernel: expected a region for each of firstMoment, secondMoment; found 1');
});
