import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, it } from 'vitest';
import { trunklineBackend } from '../../../src/engine/backend.ts';
import { compile } from '../../../src/engine/compile.ts';
import { expectClose, numbers, runProgram } from '../oracle.ts';

beforeEach(() => {
  trunklineBackend();
  tf.setBackend('cpu');
});

const table = (shape: number[]): tf.Tensor => tf.zeros(shape);
const ids = (indices: tf.Tensor): tf.Tensor1D => indices as tf.Tensor1D;

/** What ends a run in which the node meets a place that does not exist. */
const refusedBy = (node: string): RegExp =>
  new RegExp(`expected the model to run; found .*running ${node} node\\. Name:'\\w+, tf\\.\\w+ #`);

/** Operations that take places from a tensor, with a legal place; −1 and 3 are none of theirs. */
const operations: readonly [string, number[], (indices: tf.Tensor) => tf.Tensor, RegExp][] = [
  ['gather', [1], (indices) => tf.gather(table([3, 2]), ids(indices)), refusedBy('Gather')],
  ['gather by row', [2, 1], (indices) => tf.gather(table([2, 3]), ids(indices), 1, 1), refusedBy('Gather')],
  ['gatherND', [1, 1], (indices) => tf.gatherND(table([3, 2]), indices), refusedBy('GatherND')],
  [
    'scatterND',
    [1, 1],
    (indices) => tf.scatterND(indices, tf.ones([1, 2]), [3, 2]),
    /^ScatterNd, tf\.scatterND: expected indices (in \[0, 2\]; found -1|within bounds; found one outside)$/,
  ],
  [
    'scatterND, its sums used',
    [1, 1],
    (indices) => tf.neg(tf.scatterND(indices, tf.ones([1, 2]), [3, 2])),
    refusedBy('ScatterElements'),
  ],
  [
    'tensorScatterUpdate',
    [1, 1],
    (indices) => tf.tensorScatterUpdate(table([3, 2]), indices, tf.ones([1, 2])),
    refusedBy('ScatterElements'),
  ],
];

describe('places that do not exist', () => {
  describe.each(operations)('%s', (_, shape, run, refusal) => {
    const indices = (place: number): number[] => new Array<number>(tf.util.sizeFromShape(shape)).fill(place);

    it('end the run of a compiled program with an error', () => {
      const compiled = compile(({ places }) => ({ outputs: { y: run(places as tf.Tensor) } }), {
        places: { shape, dtype: 'int32' },
      });
      expect(runProgram(compiled, { 'input/places': indices(2) })['output/y']).toBeDefined();
      for (const place of [-1, 3])
        expect(() => runProgram(compiled, { 'input/places': indices(place) })).toThrow(refusal);
    });

    it('are named as the cpu backend names them when they are known', () => {
      for (const place of [-1, 3]) {
        const messages = ['cpu', 'trunkline'].map((backend) => {
          tf.setBackend(backend);
          try {
            run(tf.tensor(indices(place), shape, 'int32'));
            return 'no error';
          } catch (error) {
            return (error as Error).message;
          }
        });
        expect(messages[1]).toBe(messages[0]);
        expect(messages[0]).not.toBe('no error');
      }
    });
  });

  it('end the run when an embedding is given such a word, and not before', () => {
    const embedding = layers.embedding({ inputDim: 5, outputDim: 2, name: 'words' });
    const read = compile((inputs) => ({ outputs: { y: embedding.apply(inputs.words as tf.Tensor) as tf.Tensor } }), {
      words: { shape: [1], dtype: 'int32' },
    });
    expect(() => runProgram(read, { 'input/words': [-1] })).toThrow(
      "running Gather node. Name:'GatherV2, layer 'words', tf.gather",
    );
    const compiled = compile((inputs) => ({ loss: tf.mean(embedding.apply(inputs.words as tf.Tensor) as tf.Tensor) }), {
      words: { shape: [2, 3], dtype: 'int32' },
    });
    const kernel = [...compiled.parameters.keys()][0]?.replace('parameter', 'gradient') as string;
    const found = runProgram(compiled, { 'input/words': [0, 1, 1, 4, 1, 0] });
    expect(Array.from(found[kernel] as Float32Array)).toEqual(
      [2, 2, 3, 3, 0, 0, 0, 0, 1, 1].map((count) => Math.fround(count / 12)),
    );
    for (const word of [-1, 5, -2147483648])
      expect(() => runProgram(compiled, { 'input/words': [0, 1, 1, word, 1, 0] })).toThrow(
        /running (Gather|ScatterElements) node\. Name:'/,
      );
  });

  it.each([
    ['one index', 1, [-1], 'indices in [0, 2]; found -1'],
    ['one index', 1, [7], 'indices in [0, 2]; found 7'],
    ['the first index beyond', 1, [3], 'indices within bounds; found one outside'],
    ['coordinates', 2, [1, -1], 'indices within bounds; found one outside'],
    ['coordinates', 2, [9, 0], 'indices within bounds; found one outside'],
  ])('are named in sums where they are known: %s of depth %i, %j', (_, depth, place, told) => {
    const compiled = compile(
      ({ places }) => ({
        outputs: { y: tf.scatterND(places as tf.Tensor, tf.ones([1, 2]), [3, 2, 2].slice(0, 1 + depth)) },
      }),
      { places: { shape: [1, depth], dtype: 'int32' } },
    );
    expect(() => runProgram(compiled, { 'input/places': place })).toThrow(`ScatterNd, tf.scatterND: expected ${told}`);
  });

  it('end a count when they are negative, and do not count when they are large', () => {
    const count = (x: tf.Tensor): tf.Tensor => tf.denseBincount(x as tf.Tensor2D, tf.zeros([0, 1]) as tf.Tensor2D, 3);
    const compiled = compile(({ x }) => ({ outputs: { y: count(x as tf.Tensor) } }), {
      x: { shape: [2, 2], dtype: 'int32' },
    });
    expect(Array.from(runProgram(compiled, { 'input/x': [2, 9, 0, 0] })['output/y'] as Float32Array)).toEqual([
      0, 0, 1, 2, 0, 0,
    ]);
    expect(() => runProgram(compiled, { 'input/x': [2, 9, -1, 0] })).toThrow(
      /^DenseBincount, tf\.denseBincount: expected indices within bounds; found one outside$/,
    );
  });

  it('are left out of sums by segment, with their gradients', () => {
    const x = tf.variable(tf.tensor2d(numbers(8), [4, 2]), true, 'summands');
    const compiled = compile(
      ({ segments }) => ({ loss: tf.sum(tf.unsortedSegmentSum(x, segments as tf.Tensor1D, 2)) }),
      { segments: { shape: [4], dtype: 'int32' } },
      { variables: [x] },
    );
    const found = runProgram(compiled, { 'input/segments': [0, -1, 2, 1] });
    expect(Array.from(found['gradient/summands'] as Float32Array)).toEqual([1, 1, 0, 0, 0, 0, 1, 1]);
    x.dispose();
  });
});

describe('images', () => {
  const crop = (image: tf.Tensor, which: tf.Tensor): tf.Tensor =>
    tf.image.cropAndResize(image as tf.Tensor4D, tf.tensor2d([[0, 0, 1, 1]]), which as tf.Tensor1D, [1, 1]);
  const image = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2, 1]);

  it('that do not exist end the run of a cropping when they are negative, and are 0 when they are large', () => {
    const compiled = compile(({ which }) => ({ outputs: { y: crop(image, which as tf.Tensor) } }), {
      which: { shape: [1], dtype: 'int32' },
    });
    const of = (which: number) =>
      Array.from(runProgram(compiled, { 'input/which': [which] })['output/y'] as Float32Array);
    expect([of(0), of(1), of(2)]).toEqual([[2.5], [6.5], [0]]);
    for (const which of [-1, -2, -2147483648]) expect(() => of(which)).toThrow('running Gather node');
  });

  it.each(['nearest', 'bilinear'] as const)('are filled where a transform leads nowhere (%s)', (interpolation) => {
    const transforms = [Number.NaN, Number.POSITIVE_INFINITY].flatMap((value) => [
      [value, 0, 0, 0, 1, 0, 0, 0],
      [1, 0, value, 0, 1, 0, 0, 0],
      [1, 0, 0, 0, value, 0, 0, 0],
      [1, 0, 0, 0, 1, 0, value, 0],
    ]);
    for (const mode of ['constant', 'nearest', 'reflect', 'wrap'] as const)
      for (const transform of transforms) {
        const run = (given: tf.Tensor): tf.Tensor =>
          tf.image.transform(tf.slice(image, 0, 1) as tf.Tensor4D, given as tf.Tensor2D, interpolation, mode, 0.25);
        const compiled = compile(({ x }) => ({ outputs: { y: run(x as tf.Tensor) } }), { x: { shape: [1, 8] } });
        const found = runProgram(compiled, { 'input/x': transform })['output/y'] as Float32Array;
        if (mode === 'constant') expectClose(found, run(tf.tensor2d([transform])).dataSync(), `${transform}`);
      }
  });
});

describe('nothing to compute with', () => {
  const cases: readonly [string, number[], (x: tf.Tensor) => tf.Tensor, number[]][] = [
    ['has no maximum', [0, 2], (x) => tf.max(x, 0), [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]],
    ['has no minimum', [2, 0], (x) => tf.min(x, 1), [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]],
    ['has its maximum nowhere', [2, 0], (x) => tf.argMax(x, 1), [0, 0]],
    ['sums to 0', [0, 2], (x) => tf.matMul(x, tf.ones([0, 2]), true), [0, 0, 0, 0]],
  ];
  it.each(cases)('%s', (_, shape, run, expected) => {
    const compiled = compile(({ x }) => ({ outputs: { y: run(x as tf.Tensor) } }), { x: { shape } });
    expect(Array.from(runProgram(compiled, {})['output/y'] as Float32Array)).toEqual(expected);
  });
});

it('integers divided by 0 and −1 leave 0, and the process lives', () => {
  const compiled = compile(({ a, b }) => ({ outputs: { y: tf.mod(a as tf.Tensor, b as tf.Tensor) } }), {
    a: { shape: [4], dtype: 'int32' },
    b: { shape: [4], dtype: 'int32' },
  });
  const found = runProgram(compiled, { 'input/a': [5, -(2 ** 31), 7, -7], 'input/b': [0, -1, -4, 4] });
  expect(Array.from(found['output/y'] as Int32Array)).toEqual([0, 0, -1, 1]);
});
