import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { Arena } from '../../src/engine/arena.ts';

const page = 65_536;

describe('Arena', () => {
  it('keeps tensors by name, aligned, zero-filled, as views of one shared memory', () => {
    const arena = new Arena(4 * page);
    const region = arena.allocate('parameter/w', 'float32', [3, 5]);
    expect(region).toMatchObject({ byteLength: 60, dtype: 'float32', shape: [3, 5] });
    expect(region.byteOffset % 64).toBe(0);
    expect(arena.view('parameter/w')).toEqual(new Float32Array(15));
    arena.view('parameter/w')[4] = 7;
    expect(arena.view('parameter/w')[4]).toBe(7);
    expect(arena.memory.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it('gives the same region to those who ask for the same tensor', () => {
    const arena = new Arena(4 * page);
    expect(arena.ensure('a', 'int32', [2])).toBe(arena.ensure('a', 'int32', [2]));
    expect(() => arena.ensure('a', 'int32', [3])).toThrow(
      "arena region 'a': expected int32 [2], as it was allocated; found int32 [3]",
    );
  });

  it('says with sizes when a model does not fit', () => {
    const arena = new Arena(4 * page);
    arena.allocate('parameter/small', 'float32', [16]);
    expect(() => arena.allocate('parameter/large', 'float32', [1024, 64])).toThrow(
      "arena region 'parameter/large' float32 [1024, 64]: expected 256.0 KiB of free memory in one piece; found 191.9 KiB free of 256.0 KiB\n  hint: an arena holds",
    );
  });

  it('holds at most 4 GiB', () => {
    expect(() => new Arena().allocate('parameter/huge', 'float32', [40_000, 40_000])).toThrow(
      "arena region 'parameter/huge' float32 [40000, 40000]: expected 6.0 GiB of free memory in one piece; found 4.0 GiB free of 4.0 GiB",
    );
  });

  it('loses no room when the system gives no more memory', () => {
    const arena = new Arena(4 * page);
    const before = arena.freeBytes;
    const grow = vi.spyOn(arena.memory, 'grow').mockImplementation(() => {
      throw new RangeError('WebAssembly.Memory.grow(): Unable to grow instance memory');
    });
    expect(() => arena.allocate('a', 'float32', [16])).toThrow(
      "arena region 'a': expected 64.0 KiB more memory from the system; found none beyond 64.0 KiB",
    );
    expect([arena.freeBytes, arena.has('a')]).toEqual([before, false]);
    grow.mockRestore();
    expect(arena.allocate('a', 'uint8', [before]).byteLength).toBe(before);
  });

  it('names what is missing or taken', () => {
    const arena = new Arena(4 * page);
    arena.allocate('a', 'bool', []);
    expect(() => arena.view('b')).toThrow("arena: expected a region named 'b'; found 1 regions, none of that name");
    expect(() => arena.allocate('a', 'bool', [])).toThrow(
      "arena region 'a': expected a name that is not in use; found a region bool []",
    );
  });

  it('gives zeros again when room is used again', () => {
    const arena = new Arena(4 * page);
    const { byteOffset } = arena.allocate('a', 'float32', [4]);
    arena.view('a').fill(3 as never);
    arena.free('a');
    expect(arena.allocate('b', 'float32', [4]).byteOffset).toBe(byteOffset);
    expect(arena.view('b')).toEqual(new Float32Array(4));
  });

  it('never lets two living regions overlap, and gets all room back', () => {
    const action = fc.record({ free: fc.boolean(), pick: fc.nat(), length: fc.nat(3000) });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const arena = new Arena(16 * page);
        const before = arena.freeBytes;
        actions.forEach(({ free, pick, length }, index) => {
          const living = arena.regions;
          if (free && living.length > 0) arena.free((living[pick % living.length] as { name: string }).name);
          else arena.allocate(`r${index}`, 'float32', [length]);
          const sorted = [...arena.regions].sort((a, b) => a.byteOffset - b.byteOffset);
          sorted.forEach((region, at) => {
            const next = sorted[at + 1];
            if (next) expect(region.byteOffset + Math.max(region.byteLength, 1)).toBeLessThanOrEqual(next.byteOffset);
          });
        });
        for (const { name } of arena.regions) arena.free(name);
        expect(arena.freeBytes).toBe(before);
        expect(arena.allocate('all', 'uint8', [before]).byteLength).toBe(before);
      }),
      { numRuns: 60 },
    );
  });
});
