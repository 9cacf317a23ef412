import { expect, test } from 'vitest';
import { fused, rounded } from '../../../src/engine/kernel/twin/arithmetic.ts';

const { fround } = Math;

test.each([
  { why: 'the product is exact', a: 1 + 2 ** -23, b: 1 - 2 ** -23, c: -1, once: -(2 ** -46), twice: 0 },
  // 97 · 172961 = 2^24 + 1, halfway between two float32 numbers; c is too small for a double to hold beside it.
  { why: 'above halfway', a: 97, b: 172_961, c: 2 ** -40, once: 2 ** 24 + 2, twice: 2 ** 24 },
  { why: 'below halfway', a: 97, b: 172_961, c: -(2 ** -40), once: 2 ** 24, twice: 2 ** 24 },
  { why: 'halfway, to even', a: 97, b: 172_961, c: 0, once: 2 ** 24, twice: 2 ** 24 },
  { why: 'negative, beyond halfway', a: -97, b: 172_961, c: -(2 ** -40), once: -(2 ** 24) - 2, twice: -(2 ** 24) },
  { why: 'the product alone overflows', a: 2 ** 127, b: 2, c: -(2 ** 127), once: 2 ** 127, twice: Infinity },
  { why: 'infinity', a: Infinity, b: 1, c: 1, once: Infinity, twice: Infinity },
  { why: 'NaN', a: Infinity, b: 0, c: 1, once: NaN, twice: NaN },
])('rounds a·b + c once when fused, twice when not: $why', ({ a, b, c, once, twice }) => {
  expect([a, b, c].map(fround)).toEqual([a, b, c]);
  expect(fused.multiplyAdd(a, b, c)).toBe(once);
  expect(rounded.multiplyAdd(a, b, c)).toBe(twice);
});
