import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { sizeOf } from '../../src/core/shape.ts';
import type { LabelledOutput, LabelSpec, Loss } from '../../src/loss/index.ts';
import { losses } from '../../src/loss/index.ts';
import type { Case } from './reference.ts';

/** One row: an output and its truth, as float32 numbers. */
export interface Row {
  readonly output: readonly number[];
  readonly label: readonly number[];
  readonly bound: readonly number[];
  readonly weight: number;
}

/** A case with its loss built. */
export interface Built extends Case {
  readonly loss: Loss;
  readonly spec: LabelSpec;
}

export function built(test: Case): Built {
  const loss = losses.build(test.config, undefined, 'loss');
  return { ...test, loss, spec: loss.label(test.outputShape, 'head "h"') };
}

const float = Math.fround;
const listOf = <T>(value: fc.Arbitrary<T>, length: number): fc.Arbitrary<T[]> =>
  fc.array(value, { minLength: length, maxLength: length });

/** Steps of 1/1000 off the grid of the labels: no output stands on a kink, where finite differences mean nothing. */
const outputs = fc.integer({ min: -8000, max: 8000 }).map((steps) => float(steps / 1000 + 0.000371));

function normalised(shares: readonly number[]): readonly number[] {
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares.map((share, at) => float(sum === 0 ? (at === 0 ? 1 : 0) : share / sum));
}

function labels({ values, shape }: LabelSpec): fc.Arbitrary<readonly number[]> {
  const size = sizeOf(shape);
  if (values.kind === 'class') return listOf(fc.integer({ min: 0, max: values.count - 1 }), size);
  if (values.kind === 'distribution') {
    const classes = shape.at(-1) as number;
    return listOf(listOf(fc.integer({ min: 0, max: 4 }), classes).map(normalised), size / classes).map((all) =>
      all.flat(),
    );
  }
  if (values.most !== undefined) return listOf(fc.constantFrom(0, 1, 0.25), size);
  const least = (values.least ?? -8) * 1000;
  return listOf(
    fc.integer({ min: least, max: 8000 }).map((steps) => float(steps / 1000)),
    size,
  );
}

/** A labelled row of the case. */
export function rows({ spec, outputShape }: Built): fc.Arbitrary<Row> {
  return fc.record({
    output: listOf(outputs, sizeOf(outputShape)),
    label: labels(spec),
    bound: spec.bound ? listOf(fc.constantFrom(-1, 0, 1), sizeOf(spec.shape)) : fc.constant([]),
    weight: fc.constantFrom(1, 0, 0.5, 3),
  });
}

/** Tensors of these rows, all labelled unless `present` says otherwise. */
export function batchOf(test: Built, rows: readonly Row[], present = rows.map(() => true)): Required<LabelledOutput> {
  const { spec, outputShape } = test;
  const shape = [rows.length, ...spec.shape];
  const bounds = rows.flatMap(({ bound, label }) => (bound.length === 0 ? label.map(() => 0) : bound));
  return {
    output: tf.tensor(
      rows.flatMap(({ output }) => output),
      [rows.length, ...outputShape],
      'float32',
    ),
    label: tf.tensor(
      rows.flatMap(({ label }) => label),
      shape,
      spec.dtype,
    ),
    bound: tf.tensor(bounds, shape, 'int32'),
    present: tf.tensor1d(present, 'bool'),
    weight: tf.tensor1d(
      rows.map(({ weight }) => weight),
      'float32',
    ),
  };
}

/** `weights` left out of a batch. */
export function unweighted({ weight: _, ...batch }: Required<LabelledOutput>): LabelledOutput {
  return batch;
}

/** The reference's gradient in each output, by central differences in float64. */
export function differences(test: Case, row: Row, step: number): readonly number[] {
  return row.output.map((_, moved) => {
    const at = (by: number): number =>
      test.reference(
        row.output.map((value, index) => (index === moved ? value + by : value)),
        row.label,
        row.bound,
      );
    return (at(step) - at(-step)) / (2 * step);
  });
}
