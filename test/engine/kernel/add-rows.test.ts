import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { builds, implement, newMemory, twinOf } from './implementation.ts';
import { bytesBeside, fill } from './layout.ts';
import { anyValue } from './value.ts';

const values = (length: number) => fc.array(anyValue, { minLength: length, maxLength: length });

/** A table, rows for it and their numbers, most of which name one of its rows; between them, gaps. */
const additions = fc
  .record({ height: fc.integer({ min: 1, max: 6 }), width: fc.integer({ min: 0, max: 11 }), count: fc.nat(12) })
  .chain(({ height, width, count }) => {
    const id = fc.oneof({ weight: 30, arbitrary: fc.nat(height - 1) }, fc.constantFrom(height, -1, -(2 ** 31)));
    return fc.record({
      shape: fc.constant({ height, width, count }),
      table: values(height * width),
      rows: values(count * width),
      ids: fc.array(id, { minLength: count, maxLength: count }),
      gaps: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 3, maxLength: 3 }),
    });
  });

/** What the kernel is to do, in plain arithmetic. */
function added(table: number[], rows: number[], ids: number[], width: number, count: number): Float32Array {
  const sums = Float32Array.from(table);
  for (let row = 0; row < count; row++)
    for (let at = 0; at < width; at++) {
      const place = (ids[row] as number) * width + at;
      sums[place] = (sums[place] as number) + (rows[row * width + at] as number);
    }
  return sums;
}

describe.each(builds)('addRows, the %s build', (build) => {
  it('adds each row where its id says, in their order, up to the first id that names none; and touches nothing else', () => {
    const memories = [newMemory(), newMemory()] as const;
    const implementations = [implement(build, memories[0]), twinOf(build, memories[1])];
    let [repeated, ended] = [0, 0];
    fc.assert(
      fc.property(additions, ({ shape: { height, width, count }, table, rows, ids, gaps }) => {
        const found = ids.findIndex((id) => id < 0 || id >= height);
        const valid = found < 0 ? count : found;
        for (const [place, kernels] of implementations.entries()) {
          const filled = fill(memories[place] as WebAssembly.Memory, gaps, [table, rows, ids]);
          const [at, rowsAt, idsAt] = filled.addresses as [number, number, number];
          new Int32Array(filled.memory.buffer, idsAt, count).set(ids);
          const before = bytesBeside(filled, 1);
          expect(kernels.addRows(at, rowsAt, idsAt, height, width, count)).toBe(valid);
          expect([...(filled.regions[0] as Float32Array)]).toEqual([...added(table, rows, ids, width, valid)]);
          expect(bytesBeside(filled, 1).equals(before)).toBe(true);
        }
        if (new Set(ids).size < count) repeated++;
        if (valid < count) ended++;
      }),
      { numRuns: 200 },
    );
    expect([repeated > 50, ended > 20]).toEqual([true, true]);
  });
});
