import { expect, test } from 'vitest';
import { formatValue, oneOf } from '../../src/core/format.ts';

test.each([
  [undefined, 'nothing'],
  [null, 'null'],
  ['a', "'a'"],
  ["it's\n", "'it\\'s\\n'"],
  ['x'.repeat(100), `'${'x'.repeat(57)}…'`],
  [-0.5, '-0.5'],
  [12n, '12'],
  [true, 'true'],
  [[1, 2], 'a list of 2'],
  [{}, 'an empty object'],
  [{ a: 1, b: 2, c: 3, d: 4, e: 5 }, 'an object with a, b, c, d, …'],
  [() => 1, 'a function'],
])('formatValue(%o) is %s', (value, text) => {
  expect(formatValue(value)).toBe(text);
});

test('oneOf lists choices, and a single one as itself', () => {
  expect(oneOf(['a'])).toBe("'a'");
  expect(oneOf(['a', 1])).toBe("one of 'a', 1");
});
