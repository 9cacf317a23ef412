import { expect, test } from 'vitest';
import { type OpenOptions, openRunner } from '../../../../src/engine/runner/index.ts';
import { openInWorker } from '../worker.ts';

const sums = [2, 3, 4, 5];

// One test, since a process has one environment and this is its life.
test('the library outlives the threads that opened it, in any way and with any number of threads', {
  timeout: 60_000,
}, async () => {
  for (const threads of [2, 1, 2]) expect(await openInWorker({ threads, only: 'koffi' })).toEqual(sums);
  const atOnce: OpenOptions[] = [
    { threads: 1, only: 'koffi' },
    { threads: 3, only: 'koffi' },
    { threads: 2, only: 'binding' },
  ];
  expect(await Promise.all(atOnce.map(openInWorker))).toEqual([sums, sums, sums]);
  for (const threads of [3, 2, 1]) openRunner({ threads, only: 'koffi' });
  expect(openRunner({ threads: 2 }).reason).toContain(', 2 threads for each session; called without copies');
});
