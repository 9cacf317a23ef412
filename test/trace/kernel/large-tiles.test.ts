import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { compile } from '../../../src/engine/compile.ts';
import { runProgram } from '../oracle.ts';

const [height, width] = [6, 7];
const window = height * width;

/** The gradient of the sum of maxima over large tiles that lie side by side: `[batch, height, tiles · width, channels]`. */
function gradientOf(shape: [number, number, number, number], values: Float32Array): Float32Array {
  const step = ({ x }: Record<string, tf.Tensor>) => ({
    outputs: {
      dx: tf.grad((given) => tf.sum(tf.maxPool(given as tf.Tensor4D, [height, width], [height, width], 'valid')))(
        x as tf.Tensor,
      ),
    },
  });
  const compiled = compile(step, { x: { shape, dtype: 'float32' } }, { variables: [], seed: 0, perHead: 'none' });
  return runProgram(compiled, { 'input/x': values })['output/dx'] as Float32Array;
}

it.each([Number.NaN, Number.NEGATIVE_INFINITY])('a tile of %s takes nothing from another one', (nothing) => {
  const [rows, tiles] = [2, 2];
  for (let empty = 0; empty < rows * tiles; empty++) {
    const values = Float32Array.from({ length: rows * height * tiles * width }, (_, at) => Math.sin(at * 7.3));
    const tileOf = (at: number): number =>
      Math.floor(at / (height * tiles * width)) * tiles + Math.floor((at % (tiles * width)) / width);
    values.forEach((_, at) => {
      if (tileOf(at) === empty) values[at] = nothing;
    });
    const found = gradientOf([rows, height, tiles * width, 1], values);
    for (let tile = 0; tile < rows * tiles; tile++) {
      const places = [...values.keys()].filter((at) => tileOf(at) === tile);
      expect(places).toHaveLength(window);
      const largest = Math.max(...places.map((at) => values[at] as number));
      const expected = places.map((at) => (values[at] === largest ? 1 : 0));
      const gradient = places.map((at) => found[at] as number);
      if (tile !== empty) expect(gradient).toEqual(expected);
      // It goes to one place of the tile, which one is a matter of the engine.
      else expect(gradient.toSorted()).toEqual([...new Array(window - 1).fill(0), 1]);
    }
  }
});
