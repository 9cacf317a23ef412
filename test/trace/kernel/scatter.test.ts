import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, expect, it } from 'vitest';
import type { TypedArray } from '../../../src/core/dtype.ts';
import { Arena } from '../../../src/engine/arena.ts';
import { trunklineBackend } from '../../../src/engine/backend.ts';
import { compile } from '../../../src/engine/compile.ts';
import { loadKernels } from '../../../src/engine/kernel/index.ts';
import { LoadedProgram } from '../../../src/engine/loaded.ts';
import { openRunner } from '../../../src/engine/runner/index.ts';
import type { Port } from '../../../src/engine/runner/runner.ts';
import { expectAgreement, numbers } from '../oracle.ts';

trunklineBackend();

beforeEach(() => {
  tf.setBackend('cpu');
});

// ONNX Runtime's ScatterND, which is faster, loses something in nearly every run of this size. What a program gives and
// does not use itself would be left to kernels.
it('adds everything there is when several threads compute', () => {
  const [rows, width, segments] = [20_000, 64, 500];
  const { runner } = openRunner({ threads: 4 });
  const { program } = compile(
    ({ x, ids }) => ({
      outputs: { sums: tf.neg(tf.unsortedSegmentSum(x as tf.Tensor, ids as tf.Tensor1D, segments)) },
    }),
    { x: { shape: [rows, width] }, ids: { shape: [rows], dtype: 'int32' } },
  );
  const ids = Int32Array.from({ length: rows }, (_, row) => (row * 7919) % segments);
  const x = Float32Array.from({ length: rows * width }, (_, at) => at % 17);
  const arena = new Arena(1 << 24);
  const memory = ({ name, dtype, shape }: Port): TypedArray => arena.view(arena.ensure(name, dtype, shape).name);
  const expected = new Float32Array(segments * width);
  for (let at = 0; at < x.length; at++) {
    const place = (ids[Math.floor(at / width)] as number) * width + (at % width);
    expected[place] = (expected[place] as number) + (x[at] as number);
  }
  const options = { provider: 'cpu', optimization: 'all' } as const;
  const loaded = new LoadedProgram(program, runner, [memory], loadKernels(arena.memory), options);
  (arena.view('input/x') as Float32Array).set(x);
  (arena.view('input/ids') as Int32Array).set(ids);
  const sums = arena.view('output/sums') as Float32Array;
  for (let run = 0; run < 10; run++) {
    loaded.run(0);
    expect(sums.every((sum, at) => sum === -(expected[at] as number))).toBe(true);
  }
  loaded.release();
});

it.each([
  ['slices', [3, 2], [[4], [1], [4], [0], [4]], [5, 3, 2]],
  [
    'single numbers',
    [],
    [
      [4, 1],
      [1, 0],
      [4, 1],
      [0, 0],
      [4, 0],
    ],
    [5, 2],
  ],
] as const)('gives the gradient to the update of %s that stayed', (_, slice, indices, shape) => {
  const [places, updates] = [
    tf.tensor2d(
      indices.map((place) => [...place]),
      undefined,
      'int32',
    ),
    [5, ...slice],
  ];
  const run = ({ table, x }: Record<string, tf.Tensor>): tf.Tensor =>
    tf.tensorScatterUpdate(table as tf.Tensor, places, x as tf.Tensor);
  const size = tf.util.sizeFromShape(updates);
  expectAgreement(run, {
    table: { shape, values: numbers(tf.util.sizeFromShape([...shape])) },
    x: { shape: updates, values: numbers(size, 2) },
  });
  const gradient = tf.grad((x: tf.Tensor) => run({ table: tf.zeros([...shape]), x }))(tf.zeros(updates));
  const [width, stayed] = [size / 5, [0, 1, slice.length > 0 ? 0 : 1, 1, 1]];
  expect([...gradient.dataSync()]).toEqual(stayed.flatMap((value) => new Array(width).fill(value)));
});
