import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { TrunklineError } from '../../src/core/error.ts';
import { systemError } from '../../src/main/system-error.ts';

const thrownBy = (act: () => void): unknown => {
  try {
    act();
  } catch (error) {
    return error;
  }
};

test('what the system says of a file is told with its name, and other errors are as they are', () => {
  const missing = systemError(thrownBy(() => readFileSync('/nowhere/x.onnx')));
  expect(missing).toBeInstanceOf(TrunklineError);
  expect((missing as Error).message).toBe(
    '/nowhere/x.onnx: expected a file or folder that can be used; found no such file or folder',
  );
  const full = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', path: 'runs/x', syscall: 'mkdir' });
  expect((systemError(full) as Error).message).toBe('runs/x: expected a folder that can be made; found a full disk');
  const others = [
    new Error('a fault'),
    new TrunklineError([]),
    undefined,
    Object.assign(new Error(), { code: 'EROFS' }),
  ];
  for (const error of others) expect(systemError(error)).toBe(error);
  expect(systemError(thrownBy(() => readFileSync(tmpdir())))).toHaveProperty('code', 'EISDIR');
});
