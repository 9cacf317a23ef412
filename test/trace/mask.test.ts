import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, expect, it } from 'vitest';
import { trunklineBackend } from '../../src/engine/backend.ts';
import { compile } from '../../src/engine/compile.ts';
import { expectAgreement } from './oracle.ts';

trunklineBackend();

beforeEach(() => {
  tf.setBackend('cpu');
});

const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 0, 2, 7];
const shape = [values.length];
const given = { x: { shape, values }, y: { shape, values: values.map((_, at) => at + 1) } };
const step = (x: tf.Tensor): tf.Tensor => tf.step(x);

const products: readonly [string, (x: tf.Tensor, y: tf.Tensor) => tf.Tensor][] = [
  ['a step', (x, y) => tf.mul(y, step(x))],
  ['a step that was converted', (x, y) => tf.mul(tf.cast(step(x), 'float32'), y)],
  ['a step that was reshaped', (x, y) => tf.mul(tf.reshape(y, [7, 1]), tf.reshape(step(x), [7, 1]))],
  ['a comparison', (x, y) => tf.mul(y, tf.cast(tf.greater(x, 0), 'float32'))],
];
it('a step of a product is NaN where the product is', () => {
  const matrix = { shape: [7, 1], values };
  expectAgreement(
    ({ x, w }) => tf.step(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D)),
    { x: matrix, w: { shape: [1, 3], values: [1, -1, 2] } },
    { differentiate: [] },
  );
});

it.each(products)('a product with %s is NaN where it is on the cpu', (_, run) => {
  expectAgreement(({ x, y }) => run(x as tf.Tensor, y as tf.Tensor), given, { differentiate: [] });
});

it.each([
  ['relu', tf.relu],
  ['relu6', tf.relu6],
] as const)('the gradient of %s is made of products, and NaN where it is on the cpu', (_, run) => {
  const gradient = (x: tf.Tensor, dy: tf.Tensor): tf.Tensor => tf.grad((value: tf.Tensor) => run(value))(x, dy);
  const infinite = [1, 2, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 3, 4];
  const inputs = { x: { shape, values }, dy: { shape, values: infinite } };
  expectAgreement(({ x, dy }) => gradient(x as tf.Tensor, dy as tf.Tensor), inputs, { differentiate: [] });
  const { text } = compile(({ x, dy }) => ({ outputs: { y: gradient(x as tf.Tensor, dy as tf.Tensor) } }), {
    x: { shape },
    dy: { shape },
  });
  expect(text()).not.toContain('Where(');
});
