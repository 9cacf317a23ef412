import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concat, slice } from '../../../src/source/column.ts';
import { columnAs, type Kind } from '../../../src/source/sample-record.ts';

const cells: Readonly<Record<Exclude<Kind, 'bytes'>, fc.Arbitrary<unknown>>> = {
  number: fc.double({ noNaN: true }),
  text: fc.string(),
  numbers: fc.array(fc.double({ noNaN: true }), { maxLength: 4 }),
  texts: fc.array(fc.string(), { maxLength: 4 }),
  mixed: fc.oneof(fc.string(), fc.integer()),
};

test.each(Object.entries(cells))('columns of %s that were cut are one again', (kind, cell) => {
  const values = fc.array(fc.option(cell), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(values, fc.nat(12), fc.nat(12), (all, one, other) => {
      const whole = columnAs(kind as Kind, all);
      const [first, second] = [one, other].map((at) => Math.min(at, all.length)).sort((a, b) => a - b) as [
        number,
        number,
      ];
      const parts = [slice(whole, 0, first), slice(whole, first, second), slice(whole, second, all.length)];
      expect(concat(kind as Kind, parts)).toEqual(whole);
    }),
  );
});
