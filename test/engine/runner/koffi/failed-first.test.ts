import { expect, test } from 'vitest';
import { EngineError } from '../../../../src/core/error.ts';
import { openRunner } from '../../../../src/engine/runner/index.ts';
import { createEnvironment } from '../../../../src/engine/runner/koffi/environment.ts';
import type { OrtLibrary } from '../../../../src/engine/runner/koffi/library.ts';

test('an environment that could not be made decides nothing for the next', () => {
  const failing = {
    path: 'libonnxruntime.so',
    api: {},
    make: () => {
      throw new EngineError({ where: 'library', expected: 'threads', found: 'none left' });
    },
  } as unknown as OrtLibrary;
  for (const threads of [1, 3]) expect(() => createEnvironment(failing, threads)).toThrow('found none left');
  expect(openRunner({ threads: 2, only: 'koffi' }).runner.threading).toBe('process');
});
