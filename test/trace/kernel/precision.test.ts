import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, describe, it } from 'vitest';
import { trunklineBackend } from '../../../src/engine/backend.ts';
import { compile } from '../../../src/engine/compile.ts';
import { expectAgreement, expectClose, runProgram } from '../oracle.ts';

trunklineBackend();

beforeEach(() => {
  tf.setBackend('cpu');
});

type Run = (...args: tf.Tensor[]) => tf.Tensor;

function compiled(run: Run, dtype: 'float32' | 'int32', ...given: (readonly number[])[]): ArrayLike<number> {
  const program = compile((inputs) => ({ outputs: { y: run(...Object.values(inputs)) } }), {
    ...Object.fromEntries(given.map((values, at) => [`${at}`, { shape: [values.length], dtype }])),
  });
  const values = Object.fromEntries(given.map((list, at) => [`input/${at}`, list]));
  return runProgram(program, values)['output/y'] as Float32Array;
}

const infinity = Number.POSITIVE_INFINITY;
const small = [1e-30, 1e-12, 1e-8, 3e-8, 5.9e-8, 6e-8, 9e-8, 1.2e-7, 1.8e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.02, 0.3];

describe('small results keep their digits', () => {
  const both = [...small, ...small.map((value) => -value), 0];
  const cases: readonly [string, Run, (x: number) => number, readonly number[]][] = [
    ['log1p', tf.log1p, Math.log1p, [...both, -1, -0.999, -2, 1, 50, 1e6, 1e30, infinity, -infinity, Number.NaN]],
    ['expm1', tf.expm1, Math.expm1, [...both, -1, -20, -200, 1, 50, 88, infinity, -infinity, Number.NaN]],
    ['softplus', tf.softplus, (x) => Math.log1p(Math.exp(x)), [-5, -10, -16, -17, -20, -50, -80, 0, 1, 15]],
    ['logSigmoid', tf.logSigmoid, (x) => -Math.log1p(Math.exp(-x)), [5, 10, 16, 17, 20, 50, 80, 0, -1, -15]],
  ];
  it.each(cases)('of %s', (name, run, exact, x) => {
    const single = x.map(Math.fround);
    expectClose(compiled(run, 'float32', single), single.map(exact), name, { relative: 4e-7, absolute: 0 });
  });
});

it('remainders take the sign of the divisor however small they are', () => {
  const [a, b] = [
    [-1e-30, 1e-30, 3e-30, -3e-30, 0, 5],
    [2e-25, -2e-25, -2e-30, 2e-30, -1e-30, -3],
  ].map((values) => values.map(Math.fround)) as [number[], number[]];
  const floored = a.map((value, at) => value - Math.floor(value / (b[at] as number)) * (b[at] as number));
  expectClose(compiled(tf.mod, 'float32', a, b), floored, 'mod', { relative: 1e-6, absolute: 0 });
});

describe('integers', () => {
  const edges = [-(2 ** 31), -(2 ** 31) + 1, -33554431, -16777217, -7, -1, 0, 1, 7, 16777217, 33554431, 2 ** 31 - 1];
  const divisors = [-(2 ** 31), -16777217, -3, -2, -1, 0, 1, 2, 3, 16777217, 2 ** 31 - 1];
  it.each([
    ['floorDiv', tf.floorDiv],
    ['div', tf.div],
  ])('are divided exactly by %s', (_, run) => {
    const pairs = edges.flatMap((a) => divisors.map((b) => [a, b] as const));
    const shape = [pairs.length];
    expectAgreement(
      ({ a, b }) => run(a as tf.Tensor, b as tf.Tensor),
      {
        a: { shape, dtype: 'int32', values: pairs.map(([a]) => a) },
        b: { shape, dtype: 'int32', values: pairs.map(([, b]) => b) },
      },
      { tolerance: { relative: 0, absolute: 0 } },
    );
  });

  it.each([
    [-infinity, 3],
    [-2, infinity],
    [-1e30, 1e30],
    [-2.5, 2.5],
  ])('are clipped to between %d and %d', (least, most) => {
    const values = [-(2 ** 31), -7, -2, 0, 3, 9, 2 ** 31 - 1];
    expectAgreement(({ x }) => tf.clipByValue(x as tf.Tensor, least, most), {
      x: { shape: [values.length], dtype: 'int32', values },
    });
  });
});
