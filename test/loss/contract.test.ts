import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
// Registers the gradients.
import '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sizeOf } from '../../src/core/shape.ts';
import { faultOfLabel, type LabelledOutput, losses, rowLosses, summedLoss } from '../../src/loss/index.ts';
import { cases } from './reference.ts';
import { type Built, batchOf, built, differences, type Row, rows, unweighted } from './sample.ts';

const runs = { numRuns: 60 };

beforeEach(() => {
  tf.setBackend('cpu');
  tf.engine().startScope();
});
afterEach(() => tf.engine().endScope());

/** Sum of the losses, and its gradient in the output. */
function lossAndGradient(
  of: Built,
  batch: LabelledOutput,
): { readonly loss: Float32Array; readonly gradient: Float32Array } {
  const { value, grad } = tf.valueAndGrad((output) => summedLoss(of.loss, { ...batch, output }))(batch.output);
  return { loss: value.dataSync() as Float32Array, gradient: grad.dataSync() as Float32Array };
}

function bitsOf(array: Float32Array): number[] {
  return [...new Uint32Array(array.buffer, array.byteOffset, array.length)];
}

/** Relative to the sizes that were added up on the way. */
function near(actual: number, expected: number, what: string, scale = Math.abs(expected), tolerance = 1e-5): void {
  const off = Math.abs(actual - expected);
  if (!(off <= tolerance * (1 + scale))) expect.fail(`${what}: expected ${expected}; found ${actual}`);
}

test('every loss has a case', () => {
  expect([...new Set(cases.map(({ config }) => config.type))].sort()).toEqual([...losses.types].sort());
});

describe.each(losses.plugins.map((plugin) => [plugin.type, plugin] as const))(
  '%s',
  (type, { example, fields, summary }) => {
    test('builds its example and its defaults under its own name', () => {
      expect(losses.build({ type, ...example }, undefined, 'loss').type).toBe(type);
      if (type !== 'custom') expect(losses.build({ type }, undefined, 'loss').type).toBe(type);
    });

    test('says what it is, and what each option is', () => {
      expect(summary).toMatch(/\.$|\)\.$/);
      for (const [option, field] of Object.entries(fields.shape))
        expect((field as { description?: string }).description, option).toMatch(/\.$/);
    });

    test('names an unknown option', () => {
      expect(() => losses.build({ type, ...example, reduceBy: 'mean' }, undefined, 'heads[0].loss')).toThrow(
        /^heads\[0\]\.loss\.reduceBy: expected (an option out of .*'type'); found 'reduceBy'$/,
      );
    });
  },
);

describe.each(cases.map((one) => [one.name, built(one)] as const))('%s', (_name, of) => {
  const batches = fc.array(rows(of), { minLength: 1, maxLength: 5 });

  test('describes labels that it finds no fault with', () => {
    fc.assert(
      fc.property(rows(of), ({ label, bound }) => {
        expect(label).toHaveLength(sizeOf(of.spec.shape));
        expect(faultOfLabel(of.spec, label, bound)).toBeUndefined();
        expect(
          faultOfLabel(
            of.spec,
            label.map(() => Number.NaN),
            bound,
          ),
        ).toMatchObject({ found: 'NaN' });
      }),
      runs,
    );
  });

  test('equals its definition in float64, row by row, weighted and not', () => {
    fc.assert(
      fc.property(batches, (all) => {
        const batch = batchOf(of, all);
        const plain = rowLosses(of.loss, unweighted(batch)).dataSync();
        const weighted = rowLosses(of.loss, batch).dataSync();
        all.forEach(({ output, label, bound, weight }, row) => {
          const expected = of.reference(output, label, bound);
          near(plain[row] as number, expected, `row ${row}`);
          near(weighted[row] as number, weight * expected, `weighted row ${row}`);
        });
        near(
          summedLoss(of.loss, batch).dataSync()[0] as number,
          all.reduce((sum, { output, label, bound, weight }) => sum + weight * of.reference(output, label, bound), 0),
          'sum',
        );
      }),
      runs,
    );
  });

  test('has the gradient of its definition, along a random direction', () => {
    fc.assert(
      fc.property(batches, fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 1 }), (all, direction) => {
        const { gradient } = lossAndGradient(of, batchOf(of, all));
        const expected = all.flatMap((row) => differences(of, row, 1e-5).map((slope) => slope * row.weight));
        const along = (slopes: ArrayLike<number>): number =>
          expected.reduce(
            (sum, _, at) => sum + (slopes[at] as number) * ((direction[at % direction.length] as number) / 100),
            0,
          );
        const scale = expected.reduce((sum, slope) => sum + Math.abs(slope), 0);
        near(along(gradient), along(expected), 'slope', scale);
      }),
      runs,
    );
  });

  test('is finite and right where outputs are ±10,000', () => {
    const places = sizeOf(of.outputShape);
    const signs = Array.from({ length: 2 ** Math.min(places, 4) }, (_, code) =>
      Array.from({ length: places }, (__, at) => ((code >> (at % 4)) & 1 ? 1e4 : -1e4)),
    );
    for (const { label, bound } of fc.sample(rows(of), { numRuns: 8, seed: 3 }))
      for (const output of signs) {
        const row: Row = { output, label, bound, weight: 1 };
        const expected = of.reference(output, label, bound);
        const { loss, gradient } = lossAndGradient(of, batchOf(of, [row]));
        near(loss[0] as number, expected, `loss of ${output} against ${label}`);
        differences(of, row, 1e-2).forEach((slope, at) => {
          // Differences of numbers this large are only so exact.
          const slack = 1e-3 + Math.abs(slope) * 1e-3 + Math.abs(expected) * 1e-12;
          const found = gradient[at] as number;
          if (!(Math.abs(found - slope) <= slack))
            expect.fail(`gradient ${at} of ${output}: expected ${slope}; found ${found}`);
        });
      }
  });

  test('changes no bit, whatever stands in rows without a label', () => {
    const garbage = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3e38, -1e30, -0);
    const integers = fc.constantFrom(-1, 1_000_000, -(2 ** 31), 2 ** 31 - 1);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(rows(of), fc.boolean()), { minLength: 1, maxLength: 5 }),
        fc.array(fc.tuple(garbage, garbage, integers, garbage), { minLength: 7, maxLength: 7 }),
        (all, junk) => {
          const present = all.map(([, labelled]) => labelled);
          let count = 0;
          const dirty = (values: readonly number[], kind: 0 | 1 | 2 | 3): readonly number[] =>
            values.map(() => junk[count++ % junk.length]?.[kind] as number);
          const labelKind = of.spec.dtype === 'int32' ? 2 : 1;
          const spoilt = all.map(
            ([row, labelled]): Row =>
              labelled
                ? row
                : {
                    output: dirty(row.output, 0),
                    label: dirty(row.label, labelKind),
                    bound: dirty(row.bound, 2),
                    weight: dirty([row.weight], 3)[0] as number,
                  },
          );
          for (const given of [(batch: Required<LabelledOutput>) => batch, unweighted]) {
            const clean = lossAndGradient(
              of,
              given(
                batchOf(
                  of,
                  all.map(([row]) => row),
                  present,
                ),
              ),
            );
            const found = lossAndGradient(of, given(batchOf(of, spoilt, present)));
            expect(bitsOf(found.loss)).toEqual(bitsOf(clean.loss));
            expect(bitsOf(found.gradient)).toEqual(bitsOf(clean.gradient));

            const labelled = spoilt.filter((_, row) => present[row]);
            const alone = labelled.length === 0 ? undefined : lossAndGradient(of, given(batchOf(of, labelled)));
            expect(bitsOf(found.loss)).toEqual(bitsOf(alone?.loss ?? new Float32Array(1)));
            const places = sizeOf(of.outputShape);
            const slopes = spoilt.flatMap((_, row) => {
              const before = present.slice(0, row).filter(Boolean).length;
              return present[row]
                ? bitsOf((alone as typeof found).gradient.slice(before * places, (before + 1) * places))
                : Array.from({ length: places }, () => 0);
            });
            expect(bitsOf(found.gradient)).toEqual(slopes);
          }
        },
      ),
      runs,
    );
  });

  test('gives each row the same loss wherever it stands, alone or among others', () => {
    fc.assert(
      fc.property(batches, (all) => {
        const forward = rowLosses(of.loss, batchOf(of, all)).dataSync();
        const backward = rowLosses(of.loss, batchOf(of, all.toReversed())).dataSync();
        const alone = all.map((row) => rowLosses(of.loss, batchOf(of, [row])).dataSync()[0]);
        expect([...backward].reverse()).toEqual([...forward]);
        expect(alone).toEqual([...forward]);
      }),
      runs,
    );
  });

  test('takes labels of one number with and without an axis for it', () => {
    const [row] = fc.sample(rows(of), { numRuns: 1, seed: 1 });
    const batch = batchOf(of, [row as Row, row as Row]);
    const wider = { label: tf.expandDims(batch.label, -1), bound: tf.expandDims(batch.bound, -1) };
    expect(rowLosses(of.loss, { ...batch, ...wider }).dataSync()).toEqual(rowLosses(of.loss, batch).dataSync());
  });

  test('predicts numbers, and a best guess shaped like the label or its distribution', () => {
    const [row] = fc.sample(rows(of), { numRuns: 1, seed: 1 });
    const { output } = batchOf(of, [row as Row, row as Row]);
    const shape = of.loss.prediction === 'distribution' ? of.outputShape : of.spec.shape;
    expect(of.loss.point(output).shape).toEqual([2, ...shape]);
    expect(of.loss.predict(output).shape).toEqual(output.shape);
    expect(of.loss.predict(output).dataSync().every(Number.isFinite)).toBe(true);
  });

  test('keeps no tensors', () => {
    const [row] = fc.sample(rows(of), { numRuns: 1, seed: 1 });
    const batch = batchOf(of, [row as Row]);
    const before = tf.memory().numTensors;
    const sum = summedLoss(of.loss, batch);
    expect(tf.memory().numTensors).toBe(before + 1);
    sum.dispose();
  });
});
