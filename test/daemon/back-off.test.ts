import { expect, test } from 'vitest';
import { BackOff } from '../../src/daemon/back-off.ts';

test('waits twice as long each time, up to a limit, and begins anew when the process was well for a while', () => {
  const backOff = new BackOff({ firstMs: 10, mostMs: 50, settledMs: 1000 });
  expect([1, 1, 1, 1, 1].map((ranMs) => backOff.failed(ranMs))).toEqual([10, 20, 40, 50, 50]);
  expect(backOff.failures).toBe(5);
  expect(backOff.failed(1000)).toBe(10);
  expect(backOff.failures).toBe(1);
});
