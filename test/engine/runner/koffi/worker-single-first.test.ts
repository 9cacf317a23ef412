import { expect, test } from 'vitest';
import { openRunner } from '../../../../src/engine/runner/index.ts';
import { openInWorker } from '../worker.ts';

test('the library stays loaded, and with it an environment without a pool, when the only thread that used it ends', async () => {
  expect(await openInWorker({ threads: 1, only: 'koffi' })).toEqual({ threading: 'caller', sums: [2, 3, 4, 5] });
  expect(openRunner({ threads: 2, only: 'koffi' }).runner.threading).toBe('session');
});
