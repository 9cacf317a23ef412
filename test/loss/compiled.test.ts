import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sizeOf } from '../../src/core/shape.ts';
import { compile } from '../../src/engine/compile.ts';
import {
  type LabelledOutput,
  type Loss,
  type LossInputs,
  losses,
  rowLosses,
  summedLoss,
} from '../../src/loss/index.ts';
import { type Argument, expectAgreement, expectClose, runProgram } from '../trace/oracle.ts';
import { cases } from './reference.ts';
import { type Built, batchOf, built, differences, type Row, rows } from './sample.ts';

type Batch = Readonly<Record<keyof LabelledOutput, Argument>>;

const present = [true, false, true, true, false];

/** The rows as arguments; two of them are absent. */
function given(of: Built, all: readonly Row[]): Batch {
  tf.setBackend('cpu');
  const { output, label, bound, present: flags, weight } = batchOf(of, all, present);
  const argument = (tensor: tf.Tensor): Argument => {
    const values = tensor.dataSync().slice();
    tensor.dispose();
    return { shape: tensor.shape, dtype: tensor.dtype as 'float32' | 'int32' | 'bool', values };
  };
  return {
    output: argument(output),
    label: argument(label),
    bound: argument(bound),
    present: argument(flags),
    weight: argument(weight),
  };
}

/** Compiles loss and gradient once, and runs them for any batch of this shape. */
function program(
  of: Built,
  shapes: Batch,
): (batch: Batch) => { readonly loss: Float32Array; readonly gradient: Float32Array } {
  const compiled = compile((inputs) => {
    const batch = inputs as unknown as LabelledOutput;
    return { losses: { h: summedLoss(of.loss, batch) }, activations: { output: batch.output } };
  }, shapes);
  return (batch) => {
    const values = Object.fromEntries(
      Object.entries(batch).map(([name, argument]) => [`input/${name}`, argument.values]),
    );
    const found = runProgram(compiled, values) as Record<string, Float32Array>;
    return { loss: found['loss/h'] as Float32Array, gradient: found['gradient[h]@output'] as Float32Array };
  };
}

function bitsOf(array: Float32Array): number[] {
  return [...new Uint32Array(array.buffer, array.byteOffset, array.length)];
}

describe.each(cases.map((one) => [one.name, built(one)] as const))('%s, compiled', (_name, of) => {
  const all = fc.sample(rows(of), { numRuns: present.length, seed: 5 });

  test('agrees with the eager one, gradient included', () => {
    expectAgreement((inputs) => rowLosses(of.loss, inputs as unknown as LabelledOutput), given(of, all), {
      differentiate: ['output'],
      tolerance: { relative: 1e-5, absolute: 1e-5 },
    });
  });

  test('changes no bit, whatever stands in rows without a label', () => {
    const run = program(of, given(of, all));
    const clean = run(given(of, all));
    for (const garbage of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3e38, -0]) {
      const integer = Number.isFinite(garbage) ? -1 : 2 ** 31 - 1;
      const spoilt = all.map((row, at): Row => {
        if (present[at]) return row;
        const label = row.label.map(() => (of.spec.dtype === 'int32' ? integer : garbage));
        return { output: row.output.map(() => garbage), label, bound: row.bound.map(() => integer), weight: garbage };
      });
      const found = run(given(of, spoilt));
      expect(bitsOf(found.loss), `loss with ${garbage}`).toEqual(bitsOf(clean.loss));
      expect(bitsOf(found.gradient), `gradient with ${garbage}`).toEqual(bitsOf(clean.gradient));
    }
    const places = sizeOf(of.outputShape);
    expect([...clean.gradient.subarray(places, 2 * places)].every((slope) => slope === 0)).toBe(true);
  });

  test('is finite and right where outputs are ±10,000', () => {
    const extreme = all.map(
      (row, at): Row => ({
        ...row,
        output: row.output.map((_, place) => ((place + at) % 3 === 0 ? 1e4 : -1e4)),
      }),
    );
    const { loss, gradient } = program(of, given(of, all))(given(of, extreme));
    const labelled = extreme.filter((_, at) => present[at]);
    const sum = labelled.reduce((total, row) => total + row.weight * of.reference(row.output, row.label, row.bound), 0);
    expectClose(loss, [sum], 'loss', { relative: 1e-5, absolute: 1e-4 });
    const slopes = extreme.flatMap((row, at) =>
      differences(of, row, 1e-2).map((slope) => (present[at] ? slope * row.weight : 0)),
    );
    expectClose(gradient, slopes, 'gradient', { relative: 1e-3, absolute: 1e-3 + Math.abs(sum) * 1e-12 });
  });
});

test('class numbers out of very many compile: no table of classes is baked into the program', () => {
  const many = built({
    name: 'many',
    config: { type: 'sparseCategoricalCrossentropy', labelSmoothing: 0.1 },
    outputShape: [1000],
    reference: () => 0,
  });
  const all = fc.sample(rows(many), { numRuns: present.length, seed: 5 });
  expectAgreement((inputs) => rowLosses(many.loss, inputs as unknown as LabelledOutput), given(many, all), {
    differentiate: ['output'],
    tolerance: { relative: 1e-5, absolute: 1e-5 },
  });
});

/** Neither finite nor differentiable at zeros: y · a / ŷ. */
const ratio = (a: tf.Tensor): Loss =>
  losses.build(
    {
      type: 'custom',
      perRow: ({ output, label }: LossInputs) =>
        tf.reshape(tf.div(tf.mul(label, a), output), [output.shape[0] as number]),
    },
    undefined,
    'loss',
  );

test("a loss's own parameters have the gradient of the rows with a label, whatever stands in the others", () => {
  const a = tf.variable(tf.scalar(3), true, 'own');
  const sumOf = (batch: LabelledOutput): tf.Scalar => summedLoss(ratio(a), batch);
  const labelled = { output: tf.tensor2d([[2], [4]]), label: tf.tensor2d([[5], [6]]), present: tf.ones([2], 'bool') };
  const expected = tf.variableGrads(() => sumOf(labelled)).grads.own?.dataSync() as Float32Array;
  expect([...expected]).toEqual([4]);
  const output = { shape: [4, 1], values: [Number.NaN, 2, 0, 4] };
  const label = { shape: [4, 1], values: [0, 5, Number.NaN, 6] };
  const presence = { shape: [4], dtype: 'bool', values: [0, 1, 0, 1] } as const;
  const eager = tf.variableGrads(() =>
    sumOf({
      output: tf.tensor(output.values, [4, 1]),
      label: tf.tensor(label.values, [4, 1]),
      present: tf.tensor([...presence.values], [4], 'bool'),
    }),
  );
  expect([...(eager.grads.own as tf.Tensor).dataSync()]).toEqual([4]);
  const compiled = compile((inputs) => ({ loss: sumOf(inputs as unknown as LabelledOutput) }), {
    output,
    label,
    present: presence,
  });
  const given = { 'input/output': output.values, 'input/label': label.values, 'input/present': presence.values };
  expect([...(runProgram(compiled, given)['gradient/own'] as Float32Array)]).toEqual([4]);
  const none = runProgram(compiled, { ...given, 'input/present': [0, 0, 0, 0] });
  expect([...(none.loss as Float32Array)]).toEqual([0]);
  a.dispose();
});

test.each([1e-6, 1e-4, -1e-4, 0.01, 0.5, 0.99, 1, 1.01, -3, 40])('log cosh of %d keeps its digits', (error) => {
  const { loss } = built({ name: 'near', config: { type: 'logCosh' }, outputShape: [1], reference: () => 0 });
  const run = ({ x }: Record<string, tf.Tensor>): tf.Tensor =>
    loss.perRow({ output: x as tf.Tensor, label: tf.zerosLike(x as tf.Tensor) });
  const [x, compiled] = [
    Math.fround(error),
    compile((inputs) => ({ outputs: { y: run(inputs) } }), { x: { shape: [1, 1] } }),
  ];
  const exact = Math.abs(x) < 0.02 ? x ** 2 / 2 - x ** 4 / 12 : Math.log(Math.cosh(x));
  for (const found of [runProgram(compiled, { 'input/x': [x] })['output/y'], run({ x: tf.tensor2d([[x]]) }).dataSync()])
    expectClose(found as Float32Array, [exact], 'log cosh', { relative: 1e-6, absolute: 0 });
});
