import { linalg, setBackend, type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { beforeEach, expect, test } from 'vitest';
import { trunklineBackend } from '../../src/engine/backend.ts';
import { orthonormalColumns } from '../../src/model/orthogonal.ts';
import { withRandom } from '../../src/trace/random.ts';

trunklineBackend();

beforeEach(() => {
  setBackend('cpu');
});

const drawn = (rows: number, columns: number): Float32Array =>
  Float32Array.from({ length: rows * columns }, (_, at) => ((Math.sin(at * 12.9898 + 1) * 43758.5453) % 1) * 3);

test.each([
  [4, 4],
  [9, 5],
  [12, 1],
])('orthonormal columns of %i x %i are those of TensorFlow.js', (rows, columns) => {
  const matrix = drawn(rows, columns);
  const [q, r] = linalg.qr(tensor2d(matrix, [rows, columns]), false) as [Tensor2D, Tensor2D];
  const [expected, diagonal] = [q.dataSync(), r.dataSync()];
  const ours = orthonormalColumns(matrix, rows, columns);
  for (let at = 0; at < expected.length; at++) {
    const sign = Math.sign(diagonal[(at % columns) * columns + (at % columns)] as number);
    expect(ours[at]).toBeCloseTo((expected[at] as number) * sign, 4);
  }
});

test('recurrent weights of an LSTM are orthogonal, wide as they are, and follow the seed', () => {
  const built = (seed: number): Float32Array => {
    const lstm = layers.lstm({ name: 'lstm', units: 64, inputShape: [3, 2] });
    withRandom({ seed, step: 0 }, () => lstm.build([null, 3, 2]));
    return lstm.weights[1]?.read().dataSync() as Float32Array;
  };
  const kernel = built(1);
  expect(built(1)).toEqual(kernel);
  expect(built(2)).not.toEqual(kernel);
  const row = (at: number): Float32Array => kernel.subarray(at * 256, (at + 1) * 256);
  const product = (a: Float32Array, b: Float32Array): number =>
    a.reduce((sum, value, at) => sum + value * (b[at] as number), 0);
  expect(product(row(0), row(0))).toBeCloseTo(1, 5);
  expect(product(row(0), row(1))).toBeCloseTo(0, 5);
  expect(product(row(17), row(63))).toBeCloseTo(0, 5);
});
