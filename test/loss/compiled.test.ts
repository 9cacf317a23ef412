import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile } from '../../src/engine/compile.ts';
import { type LabelledOutput, rowLosses, summedLoss } from '../../src/loss/index.ts';
import { type Argument, expectAgreement, runProgram } from '../trace/oracle.ts';
import { cases } from './reference.ts';
import { type Built, batchOf, built, type Row, rows } from './sample.ts';

const present = [true, false, true, true, false];

/** The rows as arguments; two of them are absent. */
function given(of: Built, all: readonly Row[]): Readonly<Record<keyof LabelledOutput, Argument>> {
  tf.setBackend('cpu');
  return tf.tidy(() => {
    const batch = batchOf(of, all, present);
    const argument = (tensor: tf.Tensor): Argument => ({
      shape: tensor.shape,
      dtype: tensor.dtype as 'float32',
      values: tensor.dataSync().slice(),
    });
    return {
      output: argument(batch.output),
      label: argument(batch.label),
      bound: argument(batch.bound),
      present: argument(batch.present),
      weight: argument(batch.weight),
    };
  });
}

describe.each(cases.map((one) => [one.name, built(one)] as const))('%s, compiled', (_name, of) => {
  const all = fc.sample(rows(of), { numRuns: present.length, seed: 5 });

  test('agrees with the eager one, gradient included', () => {
    expectAgreement((inputs) => rowLosses(of.loss, inputs as unknown as LabelledOutput), given(of, all), {
      differentiate: ['output'],
      tolerance: { relative: 1e-5, absolute: 1e-5 },
    });
  });
});
