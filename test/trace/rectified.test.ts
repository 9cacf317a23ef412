import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { trunklineBackend } from '../../src/engine/backend.ts';
import { formatGraph } from '../../src/ir/text.ts';
import { record } from '../../src/trace/record.ts';
import { expectAgreement, numbers } from './oracle.ts';

const backend = trunklineBackend();

type Largest = (x: tf.Tensor) => tf.Tensor;
type Margins = tf.backend_util.ExplicitPadding;

const pool =
  (pad: 'valid' | 'same' | Margins, stride = 2): Largest =>
  (x) =>
    tf.maxPool(x as tf.Tensor4D, 2, stride, pad);
const volume: Largest = (x) =>
  tf.maxPool3d(tf.reshape(x, [2, 4, 5, 3, 2]) as tf.Tensor5D, [2, 1, 1], [2, 1, 1], 'valid');
const everywhere: Largest = (x) => tf.max(x, [1, 2]);
/** Windows that see nothing but padding. */
const beside = pool([
  [0, 0],
  [2, 0],
  [2, 0],
  [0, 0],
]);

/** Whole numbers from −3 to 3, of which many are equal, and 0 more often than others. */
const x = { shape: [2, 4, 5, 6], values: numbers(240, 3).map((value) => Math.trunc(value * 4)) };

/** The shapes of what is rectified when the step is compiled. */
function rectifiedShapes(largest: Largest): string[] {
  const variable = tf.variable(tf.ones(x.shape), true);
  const step = () => ({ loss: tf.sum(largest(tf.relu(variable))) as tf.Tensor });
  const text = formatGraph(record(backend, step, {}, { variables: [variable] }).outputs);
  variable.dispose();
  return [...text.matchAll(/float32 (\[.*\]) = Relu\(/g)].map(([, shape]) => shape as string);
}

describe('the largest of what was rectified', () => {
  const cases: readonly [string, Largest, string][] = [
    ['of tiles', pool('valid'), '[2, 2, 2, 6]'],
    ['of tiles with padding', pool('same'), '[2, 2, 3, 6]'],
    ['of windows that overlap', pool('valid', 1), '[2, 3, 4, 6]'],
    ['of windows that overlap, with padding', pool('same', 1), '[2, 4, 5, 6]'],
    ['of a whole axis', everywhere, '[2, 6]'],
    ['of windows that see padding only', beside, '[2, 4, 5, 6]'],
  ];

  it.each(cases)('%s is the same, and has the same gradient', (_, largest) => {
    expectAgreement(({ x: given }) => largest(tf.relu(given as tf.Tensor)), { x });
    expectAgreement(
      ({ x: given }) => tf.add(largest(tf.relu(given as tf.Tensor)), tf.sum(tf.relu(given as tf.Tensor))),
      { x },
    );
  });

  it('so is that of a volume', () => {
    expectAgreement(({ x: given }) => volume(tf.relu(given as tf.Tensor)), { x });
  });

  it.each(cases)('%s is rectified after it was found, where that is the same', (_, largest, shape) => {
    const shapes = rectifiedShapes(largest);
    expect(shapes).toEqual([shape]);
  });
});
