import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { evaluator } from '../../src/engine/evaluate.ts';
import { openRunner } from '../../src/engine/runner/index.ts';
import type { Runner } from '../../src/engine/runner/runner.ts';
import { backendName, type Evaluate } from '../../src/trace/backend.ts';
import { registerTrunkline } from '../../src/trace/register.ts';

let sessions = 0;
let evaluated: number[] = [];
/** Evaluates no more values than this at a time. */
let limit = Number.POSITIVE_INFINITY;

function counting(runner: Runner): Evaluate {
  const { type, version, live } = runner;
  const load: Runner['load'] = (...model) => {
    sessions++;
    return runner.load(...model);
  };
  const evaluate = evaluator({ type, version, live, load });
  return (values) => {
    evaluated.push(values.length);
    if (values.length > limit) throw new Error('a value that cannot be computed');
    return evaluate(values);
  };
}

beforeAll(() => {
  registerTrunkline(counting(openRunner({ threads: 1 }).runner));
  tf.setBackend(backendName);
  return () => tf.setBackend('cpu');
});

test('steps of the same form share one session, whatever their scalars and state', () => {
  const weights = tf.variable(tf.tensor([1, -2, 3]));
  const optimizer = tf.train.adam(0.1);
  const step = (): number => {
    const loss = optimizer.minimize(() => tf.sum(tf.square(weights)), true) as tf.Scalar;
    const [value] = loss.dataSync();
    loss.dispose();
    return value as number;
  };
  const losses = [step(), step()];
  const before = { sessions, tensors: tf.memory().numTensors };
  for (let count = 0; count < 20; count++) losses.push(step());
  expect({ sessions, tensors: tf.memory().numTensors }).toEqual(before);
  expect(losses[0]).toBe(14);
  expect(losses.at(-1)).toBeLessThan(4);
});

test('what lives is computed together, once', () => {
  const [a, b] = [tf.tensor([1, 2]), tf.tensor([3, 4])];
  const [sum, product] = [tf.add(a, b), tf.mul(a, b)];
  evaluated = [];
  expect([...sum.dataSync()]).toEqual([4, 6]);
  expect([...product.dataSync()]).toEqual([3, 8]);
  expect(evaluated).toEqual([2]);
});

test('what cannot be computed does not keep others from being read', () => {
  const [sum, other] = [tf.add([1], [2]), tf.add([3], [4])];
  limit = 1;
  try {
    expect([...sum.dataSync()]).toEqual([3]);
  } finally {
    limit = Number.POSITIVE_INFINITY;
  }
  expect([...other.dataSync()]).toEqual([7]);
});

test('a result that nobody reads does not grow for ever', () => {
  const x = tf.tensor([1]);
  let sum: tf.Tensor = tf.tensor([0]);
  evaluated = [];
  for (let count = 0; count < 2000; count++) {
    const next = tf.add(sum, x);
    sum.dispose();
    sum = next;
  }
  expect(evaluated.length).toBeGreaterThan(3);
  expect([...sum.dataSync()]).toEqual([2000]);
});

test('the parts of a complex tensor outlive it', () => {
  const whole = tf.complex([1, 2], [3, 4]);
  const part = tf.imag(whole);
  whole.dispose();
  expect([...part.dataSync()]).toEqual([3, 4]);
});

test('a call that a lowering refuses is computed by the cpu kernel', () => {
  const misfit = (): number[] => {
    const x = tf.reshape(tf.range(0, 36), [1, 6, 6, 1]) as tf.Tensor4D;
    const filter = tf.ones([2, 2, 1, 1]) as tf.Tensor4D;
    return [...tf.conv2dTranspose(x, filter, [1, 3, 3, 1], 1, 'same').dataSync()];
  };
  const found = misfit();
  tf.setBackend('cpu');
  const expected = misfit();
  tf.setBackend(backendName);
  expect(found).toEqual(expected);
});
