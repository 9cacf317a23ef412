import { expect, test } from 'vitest';
import { openRunner } from '../../../../src/engine/runner/index.ts';
import { openInWorker } from '../worker.ts';

test('after a runner of one thread, which needs no pool, others have threads of each session', async () => {
  expect(openRunner({ threads: 1, only: 'koffi' }).runner.threading).toBe('caller');
  expect(openRunner({ threads: 2, only: 'koffi' }).runner.threading).toBe('session');
  const told = await openInWorker({ threads: 2, only: 'koffi' });
  expect(told).toEqual({ threading: 'session', sums: [2, 3, 4, 5] });
});
