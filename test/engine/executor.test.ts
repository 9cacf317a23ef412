import * as tf from '@tensorflow/tfjs-core';
import { expect, it, onTestFinished, vi } from 'vitest';
import { EngineError } from '../../src/core/error.ts';
import { Arena } from '../../src/engine/arena.ts';
import { compile } from '../../src/engine/compile.ts';
import { Executor } from '../../src/engine/executor.ts';
import { KernelCrew } from '../../src/engine/kernel/crew.ts';

it('computes nothing more once its kernels are broken, and can be closed', async () => {
  const arena = new Arena(1 << 20);
  const executor = new Executor(arena.memory, { provider: 'cpu', optimization: 'basic', threads: 2 });
  onTestFinished(() => executor.close());
  const { program } = compile(() => ({ outputs: { one: tf.scalar(1) } }), {});
  const slots = [{ 'output/one': arena.allocate('one', 'float32', []) }];
  executor.load(0, program, slots);
  executor.run(0);
  expect(() => executor.step(0, 0, { present: [], learningRates: [] })).toThrow(
    'program 0: expected one that takes steps; found one without a plan',
  );
  expect(() => executor.run(1)).toThrow('program 1: expected one of the 1 that are loaded; found none of that number');
  const failure = new EngineError({ where: 'update kernels', expected: 'an answer', found: 'none' });
  vi.spyOn(KernelCrew.prototype, 'failure', 'get').mockReturnValue(failure);
  onTestFinished(() => {
    vi.restoreAllMocks();
  });
  expect(() => executor.run(0)).toThrow(failure);
  expect(() => executor.load(1, program, slots)).toThrow(failure);
  expect(executor.status().programs).toBe(1);
  executor.unload(0);
  expect(executor.status()).toMatchObject({ programs: 0, sessions: 0 });
});
