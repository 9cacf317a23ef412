import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { trunklineBackend } from '../../../src/engine/backend.ts';
import { formatGraph } from '../../../src/ir/text.ts';
import { record } from '../../../src/trace/record.ts';
import { argument, expectAgreement } from '../oracle.ts';

const backend = trunklineBackend();

type Margins = tf.backend_util.ExplicitPadding;
type Row = readonly [string, readonly number[], readonly number[], number, 'same' | 'valid' | Margins, number];

const beside: Margins = [
  [0, 0],
  [0, 0],
  [2, 1],
  [0, 0],
];
/** What is convolved, the filter's spatial sizes, stride, padding and dilation. */
const rows: readonly Row[] = [
  ['of sequences', [2, 1, 7, 64], [1, 3], 1, 'same', 1],
  ['of sequences, without padding', [2, 1, 7, 64], [1, 2], 1, 'valid', 1],
  ['of sequences, in steps', [2, 1, 7, 64], [1, 3], 2, 'same', 1],
  ['of sequences, dilated', [2, 1, 7, 64], [1, 2], 1, 'same', 2],
  ['of sequences, padded at each side', [2, 1, 5, 64], [1, 3], 1, beside, 1],
  ['down images', [2, 5, 3, 64], [3, 1], 1, 'same', 1],
  ['of every element', [2, 3, 4, 64], [1, 1], 1, 'same', 1],
];

describe('a convolution along one axis, with many channels', () => {
  const convolve = ([, , , stride, pad, dilation]: Row, x: tf.Tensor, filter: tf.Tensor): tf.Tensor => {
    const strides: [number, number] = x.shape[1] === 1 ? [1, stride] : [stride, stride];
    return tf.conv2d(
      x as tf.Tensor4D,
      filter as tf.Tensor4D,
      strides,
      pad,
      'NHWC',
      x.shape[1] === 1 ? [1, dilation] : 1,
    );
  };

  it.each(rows)('%s agrees, and its gradients do', (...row) => {
    const [, shape, lengths] = row;
    const given = { x: argument(shape, 1), filter: argument([...lengths, 64, 65], 2) };
    expectAgreement(({ x, filter }) => convolve(row, x as tf.Tensor, filter as tf.Tensor), given, {
      tolerance: { relative: 1e-4, absolute: 1e-4 },
    });
  });

  it.each(rows)('%s is a product, and so are its gradients', (...row) => {
    const [, shape, lengths, stride] = row;
    const variables = [shape, [...lengths, 64, 65]].map((size) => tf.variable(tf.ones([...size]), true));
    const [x, filter] = variables as [tf.Variable, tf.Variable];
    const step = () => ({ loss: tf.sum(tf.square(convolve(row, x, filter))) as tf.Tensor });
    const text = formatGraph(record(backend, step, {}, { variables }).outputs);
    for (const variable of variables) variable.dispose();
    expect(text.match(/= Gemm/g)?.length).toBe(stride === 1 ? 3 : 2);
    expect(/= Conv\(/.test(text)).toBe(false);
  });
});
