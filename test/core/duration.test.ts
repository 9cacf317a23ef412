import { expect, test } from 'vitest';
import { durationSchema, formatDuration } from '../../src/core/duration.ts';

test.each([
  ['250ms', 250],
  ['30s', 30_000],
  ['1.5h', 5_400_000],
  ['7d', 604_800_000],
])('%s is %d ms', (text, ms) => {
  expect(durationSchema.parse(text)).toBe(ms);
});

test.each(['', '0s', '5', '1 day', '-1s', '3w'])('%j is no length of time', (text) => {
  expect(durationSchema.safeParse(text).success).toBe(false);
});

test('is written in the longest unit that says it in whole numbers', () => {
  expect([1, 30_000, 5_400_000, 86_400_000].map(formatDuration)).toEqual(['1ms', '30s', '90m', '1d']);
});
