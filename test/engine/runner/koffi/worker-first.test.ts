import { expect, test } from 'vitest';
import { openRunner } from '../../../../src/engine/runner/index.ts';
import { openInWorker } from '../worker.ts';

test('the library outlives the workers that opened it', { timeout: 60_000 }, async () => {
  for (let round = 0; round < 3; round += 1)
    expect(await openInWorker({ threads: 2, only: 'koffi' })).toEqual({ threading: 'process', sums: [2, 3, 4, 5] });
  expect(openRunner({ threads: 2, only: 'koffi' }).runner.threading).toBe('process');
});
