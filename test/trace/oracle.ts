import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect } from 'vitest';
import type { TypedArray } from '../../src/core/dtype.ts';
import { sizeOf } from '../../src/core/shape.ts';
import { Arena } from '../../src/engine/arena.ts';
import { compile } from '../../src/engine/compile.ts';
import { loadKernels } from '../../src/engine/kernel/index.ts';
import { LoadedProgram } from '../../src/engine/loaded.ts';
import { openRunner } from '../../src/engine/runner/index.ts';
import type { Port } from '../../src/engine/runner/runner.ts';
import type { Recorded } from '../../src/trace/record.ts';

const { runner } = openRunner({ threads: 1 });
const arena = new Arena();
const kernels = loadKernels(arena.memory);
const options = { provider: 'cpu', optimization: 'all' } as const;

/** An argument of the function under test. */
export interface Argument {
  readonly shape: readonly number[];
  readonly dtype?: 'float32' | 'int32' | 'bool';
  readonly values: ArrayLike<number>;
}

export type Arguments = Readonly<Record<string, Argument>>;
export type Results = tf.Tensor | readonly tf.Tensor[];

const list = (results: Results): readonly tf.Tensor[] => (results instanceof tf.Tensor ? [results] : results);

/** Deterministic numbers in [−1, 1). */
export function numbers(count: number, seed = 1): number[] {
  let state = seed * 2654435761;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 374761393) | 0;
    return (state >>> 8) / 2 ** 23 - 1;
  });
}

/** An argument with deterministic numbers in [−1, 1). */
export function argument(shape: readonly number[], seed = 1): Argument {
  return { shape, values: numbers(sizeOf(shape), seed) };
}

/** Fixed numbers for every float result, so that a scalar made with them has a gradient of its own in each element. */
function weightsFor(results: Results): readonly tf.Tensor[] {
  return floats(results).map((result, index) => tf.keep(tf.tensor(numbers(result.size, index + 7), result.shape)));
}

const floats = (results: Results): readonly tf.Tensor[] => list(results).filter(({ dtype }) => dtype === 'float32');

function weighted(results: Results, weights: readonly tf.Tensor[]): tf.Scalar {
  return tf.addN(
    floats(results).map((result, index) => tf.sum(tf.mul(result, weights[index] as tf.Tensor))),
  ) as tf.Scalar;
}

/** Runs a compiled program in this thread and returns its outputs by port name. */
export function runProgram(
  compiled: ReturnType<typeof compile>,
  given: Readonly<Record<string, ArrayLike<number>>>,
  parameters: Recorded['parameters'] = compiled.parameters,
): Record<string, TypedArray> {
  const arrayOf = ({ name, dtype, shape }: Port): TypedArray => arena.view(arena.ensure(name, dtype, shape).name);
  const fill = (name: string, values: ArrayLike<number>): void => {
    if (arena.has(name)) (arena.view(name) as Float32Array).set(values);
  };
  try {
    const loaded = new LoadedProgram(compiled.program, runner, [arrayOf], kernels, options);
    // What kernels add rows to holds something else before.
    for (const { name } of compiled.program.stages.flatMap(({ tables }) => tables)) arena.view(name).fill(NaN as never);
    for (const [name, variable] of parameters) fill(name, variable.dataSync());
    for (const [name, values] of Object.entries(given)) fill(name, values);
    try {
      for (let stage = 0; stage < loaded.stageCount; stage++) loaded.run(stage);
    } finally {
      loaded.release();
    }
    return Object.fromEntries(
      compiled.program.outputs.map(({ name }) => [name, arena.view(name).slice() as TypedArray]),
    );
  } finally {
    for (const { name } of arena.regions) arena.free(name);
  }
}

export interface Tolerance {
  readonly relative?: number;
  readonly absolute?: number;
}

/** Compares element by element: NaN equals NaN, infinities equal themselves. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  what: string,
  tolerance: Tolerance = {},
): void {
  const { relative = 1e-4, absolute = 1e-5 } = tolerance;
  expect(actual.length, `${what}: length`).toBe(expected.length);
  for (let at = 0; at < expected.length; at++) {
    const [a, e] = [actual[at] as number, expected[at] as number];
    if (Object.is(a, e) || a === e || (Number.isNaN(a) && Number.isNaN(e))) continue;
    if (!(Math.abs(a - e) <= absolute + relative * Math.abs(e)))
      expect.fail(`${what}[${at}]: expected ${e}; found ${a}`);
  }
}

/**
 * Checks that `run`, compiled, agrees with TensorFlow.js's `cpu` backend: results, and gradients in every float
 * argument (in those listed in `differentiate`, when given; `[]` for none).
 */
export function expectAgreement(
  run: (inputs: Record<string, tf.Tensor>) => Results,
  given: Arguments,
  options: { readonly differentiate?: readonly string[]; readonly tolerance?: Tolerance } = {},
): void {
  const entries = Object.entries(given);
  const differentiate =
    options.differentiate ??
    entries.filter(([, { dtype }]) => (dtype ?? 'float32') === 'float32').map(([name]) => name);
  const values = Object.fromEntries(entries.map(([name, argument]) => [`input/${name}`, argument.values]));

  tf.setBackend('cpu');
  const variables = Object.fromEntries(
    differentiate.map((name) => {
      const { shape, values: data } = given[name] as Argument;
      return [name, tf.variable(tf.tensor(Float32Array.from(data), [...shape]), true)];
    }),
  );
  const others = entries.filter(([name]) => !differentiate.includes(name));
  let weights: readonly tf.Tensor[] = [];
  try {
    const expected = tf.tidy(() => {
      const plain = Object.fromEntries(
        others.map(([name, { values: data, shape, dtype = 'float32' }]) => [
          name,
          tf.tensor(Array.from(data), [...shape], dtype),
        ]),
      );
      const outcome = run({ ...plain, ...variables });
      weights = weightsFor(outcome);
      const all = Object.values(variables);
      const loss = () => weighted(run({ ...plain, ...variables }), weights);
      const gradients = all.length === 0 ? {} : tf.variableGrads(loss, all).grads;
      return {
        results: list(outcome).map((result) => ({ dtype: result.dtype, data: result.dataSync().slice() })),
        gradients: all.map(({ name }) => gradients[name]?.dataSync().slice()),
      };
    });
    const specs = Object.fromEntries(
      others.map(([name, { shape, dtype }]) => [name, { shape, ...(dtype ? { dtype } : {}) }]),
    );
    const compiled = compile((inputs) => {
      const results = run({ ...inputs, ...variables });
      const outputs = Object.fromEntries(list(results).map((result, index) => [`${index}`, result]));
      return differentiate.length === 0 ? { outputs } : { loss: weighted(results, weights), outputs };
    }, specs);
    const found = runProgram(compiled, values);
    const ports = new Map(compiled.program.outputs.map(({ name, dtype }) => [name, dtype]));
    expected.results.forEach(({ dtype, data }, index) => {
      expect(ports.get(`output/${index}`), `type of result ${index}`).toBe(dtype);
      expectClose(found[`output/${index}`] as Float32Array, data, `result ${index}`, options.tolerance);
    });
    differentiate.forEach((name, index) => {
      const ours = found[`gradient/${(variables[name] as tf.Variable).name}`] as Float32Array | undefined;
      const zeros = new Float32Array((given[name] as Argument).values.length);
      expectClose(ours ?? zeros, expected.gradients[index] ?? zeros, `gradient of ${name}`, options.tolerance);
    });
  } finally {
    for (const tensor of [...Object.values(variables), ...weights]) tensor.dispose();
  }
}
