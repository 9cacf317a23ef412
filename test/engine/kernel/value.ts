import fc from 'fast-check';

const largest = (2 - 2 ** -23) * 2 ** 127;
const extremes = [0, -0, NaN, Infinity, -Infinity, largest, -largest, 2 ** -149, -(2 ** -149), 2 ** -126, 1e20, 1e-20];

/** Values as training has them, their 24 bits random, so that rounding shows. */
export const ordinary = fc
  .tuple(fc.integer({ min: -(2 ** 24), max: 2 ** 24 }), fc.integer({ min: -20, max: 3 }))
  .map(([mantissa, exponent]) => mantissa * 2 ** (exponent - 24));

/** Mostly ordinary values; zeros, NaN, infinities, subnormal and huge ones between them. */
export const anyValue = fc.oneof(
  { weight: 12, arbitrary: ordinary },
  { weight: 2, arbitrary: fc.constantFrom(...extremes.map(Math.fround)) },
  { weight: 2, arbitrary: fc.float() },
);
