import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { compile } from '../../../src/engine/compile.ts';
import { LoadedProgram } from '../../../src/engine/loaded.ts';
import { openRunner } from '../../../src/engine/runner/index.ts';

// ONNX Runtime's ScatterND, which is faster, loses something in nearly every run of this size.
it('adds everything there is when several threads compute', () => {
  const [rows, width, segments] = [20_000, 64, 500];
  const { runner } = openRunner({ threads: 4 });
  const { program } = compile(
    ({ x, ids }) => ({ outputs: { sums: tf.unsortedSegmentSum(x as tf.Tensor, ids as tf.Tensor1D, segments) } }),
    { x: { shape: [rows, width] }, ids: { shape: [rows], dtype: 'int32' } },
  );
  const ids = Int32Array.from({ length: rows }, (_, row) => (row * 7919) % segments);
  const x = Float32Array.from({ length: rows * width }, (_, at) => at % 17);
  const sums = new Float32Array(segments * width);
  const arrays: Record<string, Float32Array | Int32Array> = { 'input/x': x, 'input/ids': ids, 'output/sums': sums };
  const expected = new Float32Array(segments * width);
  for (let at = 0; at < x.length; at++) {
    const place = (ids[Math.floor(at / width)] as number) * width + (at % width);
    expected[place] = (expected[place] as number) + (x[at] as number);
  }
  const loaded = new LoadedProgram(program, runner, [({ name }) => arrays[name] as Float32Array], {
    provider: 'cpu',
    optimization: 'all',
  });
  for (let run = 0; run < 10; run++) {
    loaded.run(0);
    expect(sums.every((sum, at) => sum === expected[at])).toBe(true);
  }
  loaded.release();
});
