import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trunklineBackend } from '../../../src/engine/backend.ts';
import { type Argument, type Arguments, expectAgreement, numbers, type Results } from '../oracle.ts';
import type { KernelCase, Sample } from './case.ts';

// Registers the gradients that are compared, also on the cpu backend.
trunklineBackend();

/** The same shapes in every run: a failure is one for everyone, and finite differences never meet a kink by chance. */
const seed = 1;
const ordinary = fc.oneof(
  { weight: 1, arbitrary: fc.constant(1) },
  { weight: 3, arbitrary: fc.integer({ min: 2, max: 4 }) },
);
const withZeros = fc.constantFrom(0, 1, 2, 3);

function draw(arbitrary: fc.Arbitrary<Sample>, count: number): readonly Sample[] {
  return fc.sample(fc.noBias(arbitrary), { numRuns: count, seed });
}

const isFloat = ({ dtype = 'float32' }: Argument): boolean => dtype === 'float32';

function mapped(inputs: Arguments, change: (argument: Argument) => Argument): Arguments {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, argument]) => [name, isFloat(argument) ? change(argument) : argument]),
  );
}

const unusual = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0];

/** NaN, infinities and zeros among the numbers, at other places in each argument. */
function withUnusual(inputs: Arguments): Arguments {
  let met = 0;
  return mapped(inputs, (argument) => {
    const shift = met++;
    const values = Array.from(argument.values, (value, at) =>
      at % 2 === shift % 2 ? (unusual[(at + shift) % 5] as number) : value,
    );
    return { ...argument, values };
  });
}

function as(dtype: 'int32' | 'bool', inputs: Arguments): Arguments {
  const convert = dtype === 'int32' ? (value: number) => Math.round(value * 5) : (value: number) => (value > 0 ? 1 : 0);
  return mapped(inputs, ({ shape, values }) => ({ shape, dtype, values: Array.from(values, convert) }));
}

/** The call with its arguments converted first, on the `cpu` backend. */
function converting(run: Sample['run'], dtype: 'float32' | 'int32' | undefined): Sample['run'] {
  return (inputs) => {
    if (dtype === undefined || tf.getBackend() !== 'cpu') return run(inputs);
    return run(Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [name, tf.cast(tensor, dtype)])));
  };
}

const describeShapes = ({ inputs }: Sample): string =>
  Object.values(inputs)
    .map(({ shape, dtype }) => `${dtype ?? ''}[${shape}]`)
    .join(' ');

const list = (results: Results): readonly tf.Tensor[] => (results instanceof tf.Tensor ? [results] : results);

/**
 * Along one random direction, the gradient must say how fast the function grows.
 * @throws AssertionError when it is more than 1 % off, of what its terms add up to without their signs
 */
function expectDirectionalDerivative({ inputs, run }: Sample): void {
  const step = 4e-3;
  const names = Object.keys(inputs).filter((name) => isFloat(inputs[name] as Argument));
  const fixed = Object.entries(inputs).filter(([name]) => !names.includes(name));
  tf.setBackend('cpu');
  tf.tidy(() => {
    const others = Object.fromEntries(
      fixed.map(([name, { values, shape, dtype }]) => [name, tf.tensor(Array.from(values), [...shape], dtype)]),
    );
    const points = names.map((name) => {
      const { shape, values } = inputs[name] as Argument;
      return tf.tensor(Float32Array.from(values), [...shape]);
    });
    const directions = points.map(({ size, shape }, index) => tf.tensor(numbers(size, index + 3), shape));
    const scalar = (...args: tf.Tensor[]): tf.Scalar => {
      const results = list(
        run({ ...others, ...Object.fromEntries(names.map((name, index) => [name, args[index] as tf.Tensor])) }),
      );
      const terms = results
        .filter(({ dtype }) => dtype === 'float32')
        .map((result, index) => tf.sum(tf.mul(result, tf.tensor(numbers(result.size, index + 7), result.shape))));
      return tf.addN(terms) as tf.Scalar;
    };
    const moved = (by: number): number =>
      scalar(
        ...points.map((point, index) => tf.add(point, tf.mul(directions[index] as tf.Tensor, by))),
      ).dataSync()[0] as number;
    const terms = tf
      .grads(scalar)(points)
      .flatMap((gradient, index) => [...tf.mul(gradient, directions[index] as tf.Tensor).dataSync()]);
    const expected = (moved(step) - moved(-step)) / (2 * step);
    const found = terms.reduce((sum, term) => sum + term, 0);
    const scale = terms.reduce((sum, term) => sum + Math.abs(term), 0);
    expect(Math.abs(found - expected), `derivative ${found}, by finite differences ${expected}`).toBeLessThan(
      0.01 * scale + 2e-3,
    );
  });
}

/** Kernels that one call and its gradient run on the `cpu` backend. */
async function kernelsOf({ inputs, run }: Sample): Promise<readonly string[]> {
  tf.setBackend('cpu');
  const names = Object.keys(inputs);
  const tensors = names.map((name) => {
    const { values, shape, dtype } = inputs[name] as Argument;
    return tf.tensor(Array.from(values), [...shape], dtype);
  });
  const call = (...args: tf.Tensor[]): Results =>
    run(Object.fromEntries(names.map((name, index) => [name, args[index] as tf.Tensor])));
  const { kernelNames } = await tf.profile(() => list(call(...tensors)) as tf.Tensor[]);
  return kernelNames;
}

/** Holds each kernel against TensorFlow.js's `cpu` kernel: forward and backward, compiled. */
export function describeCases(cases: readonly KernelCase[]): void {
  describe.each(cases.map((row) => [row.variant ? `${row.kernel} (${row.variant})` : row.kernel, row] as const))(
    '%s',
    (_, row) => {
      const { gradient = 'checked', tolerance = {}, dtypes = ['int32', 'bool'] } = row;
      const forward = { tolerance, differentiate: [] };
      const agree = ({ inputs, run }: Sample, options = gradient === 'none' ? forward : { tolerance }): void => {
        try {
          expectAgreement(run, inputs, options);
        } catch (error) {
          throw new Error(`given ${describeShapes({ inputs, run })}: ${(error as Error).message}`, { cause: error });
        }
      };
      const samples = draw(row.sample(ordinary), 4);
      const takesFloats = Object.values(samples[0]?.inputs ?? {}).some(isFloat);

      it('agrees', async () => {
        for (const sample of samples) agree(sample);
        if (!row.spelledOut && tf.getKernel(row.kernel, 'cpu'))
          expect(await kernelsOf(samples[0] as Sample)).toContain(row.kernel);
      });

      it('agrees on axes of size 0', (context) => {
        context.skip(row.filled !== undefined, row.filled);
        const isEmpty = ({ inputs }: Sample): boolean => Object.values(inputs).some(({ shape }) => shape.includes(0));
        const empty = draw(row.sample(withZeros), 20).filter(isEmpty).slice(0, 3);
        expect(empty).not.toEqual([]);
        for (const sample of empty) agree(sample);
      });

      if (gradient === 'checked')
        it('has the gradient that finite differences approximate', () => {
          for (const sample of samples.slice(1, 3)) expectDirectionalDerivative(sample);
        });

      if (!takesFloats) return;
      it('agrees on NaN and infinities', (context) => {
        context.skip(row.finite !== undefined, row.finite);
        for (const { inputs, run } of samples.slice(1)) agree({ inputs: withUnusual(inputs), run }, forward);
      });

      if (dtypes.length > 0)
        it.each(dtypes)('agrees on %s', (dtype) => {
          for (const { inputs, run } of samples.slice(2))
            agree({ inputs: as(dtype, inputs), run: converting(run, row.takenFor?.[dtype]) }, forward);
        });
    },
  );
}
