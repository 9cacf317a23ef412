import { expect, test } from 'vitest';
import { openRunner } from '../../../../src/engine/runner/index.ts';

test('after the binding, whose environment has no pool, koffi works with threads of each session', () => {
  expect(openRunner({ threads: 2, only: 'binding' }).runner.threading).toBe('session');
  expect(openRunner({ threads: 2, only: 'koffi' }).runner.threading).toBe('session');
  expect(openRunner({ threads: 2 }).reason).toContain(', 2 threads for each session; called without copies');
});
