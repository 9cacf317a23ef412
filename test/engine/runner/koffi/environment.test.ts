import { expect, test } from 'vitest';
import { openRunner } from '../../../../src/engine/runner/index.ts';
import { openInWorker } from '../worker.ts';

const sums = [2, 3, 4, 5];
const threading = (threads: number): string => openRunner({ threads, only: 'koffi' }).runner.threading;

// One test, since a process has one environment and this is its life.
test('a process has one pool, made by its first runner of several threads', { timeout: 60_000 }, async () => {
  expect(threading(3)).toBe('process');
  expect(threading(3)).toBe('process');
  expect(threading(2)).toBe('session');
  expect(threading(1)).toBe('caller');
  expect(await openInWorker({ threads: 3, only: 'koffi' })).toEqual({ threading: 'process', sums });
  expect(await openInWorker({ threads: 2, only: 'koffi' })).toEqual({ threading: 'session', sums });
  expect(await Promise.all([1, 2, 3].map((threads) => openInWorker({ threads, only: 'koffi' })))).toEqual(
    ['caller', 'session', 'process'].map((expected) => ({ threading: expected, sums })),
  );
  expect(await openInWorker({ threads: 2, only: 'binding' })).toEqual({ threading: 'session', sums });
  expect(threading(3)).toBe('process');
});
