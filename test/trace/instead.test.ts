import { expect, it } from 'vitest';
import { cpuFallback } from '../../src/trace/fallback.ts';
import { alternatives, insteadOf } from '../../src/trace/instead.ts';
import { lowerings } from '../../src/trace/kernel/index.ts';

it('says what to use instead of kernels that exist and cannot be compiled, and of no others', () => {
  for (const kernel of Object.keys(alternatives)) {
    expect(cpuFallback().kernelNames, kernel).toContain(kernel);
    expect(Object.keys(lowerings), kernel).not.toContain(kernel);
  }
});

it('has something to say about every kernel', () => {
  expect(insteadOf('Unique')).toContain('tf.bincount');
  expect(insteadOf('Newest')).toContain('before the step');
});
