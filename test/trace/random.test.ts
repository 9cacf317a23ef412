import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, it } from 'vitest';
import { trunklineBackend } from '../../src/engine/backend.ts';
import { compile } from '../../src/engine/compile.ts';
import { random } from '../../src/trace/distribution.ts';
import { hashText, uniformNumbers } from '../../src/trace/hash.ts';
import { drawKept, drawUniform, withRandom, withRandomName } from '../../src/trace/random.ts';
import { expectClose, runProgram } from './oracle.ts';

trunklineBackend();

beforeEach(() => {
  tf.setBackend('cpu');
});

const eager = (seed: number, step: number, draw: () => tf.Tensor, rows?: tf.Tensor): Float32Array =>
  withRandom({ seed, step, rows }, draw).dataSync<'float32'>();

describe('the counter-based generator', () => {
  it('gives uniform numbers without visible bias', () => {
    const numbers = uniformNumbers([500, 400], hashText('bias'), 3);
    const count = numbers.length;
    const mean = numbers.reduce((sum, number) => sum + number, 0) / count;
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 / Math.sqrt(12 * count));
    const bins = new Array<number>(64).fill(0);
    for (const number of numbers) bins[Math.floor(number * 64)] = (bins[Math.floor(number * 64)] as number) + 1;
    const expected = count / 64;
    const chiSquare = bins.reduce((sum, bin) => sum + (bin - expected) ** 2 / expected, 0);
    expect(chiSquare).toBeLessThan(63 + 5 * Math.sqrt(2 * 63));
    const neighbours = [1, 400, 401, 800].map((distance) => {
      let sum = 0;
      for (let at = distance; at < count; at++)
        sum += ((numbers[at] as number) - 0.5) * ((numbers[at - distance] as number) - 0.5);
      return Math.abs((sum / (count - distance)) * 12);
    });
    for (const correlation of neighbours) expect(correlation).toBeLessThan(5 / Math.sqrt(count));
  });

  it('depends on seed, step and salt', () => {
    const first = uniformNumbers([4, 4], 1, 1);
    for (const other of [uniformNumbers([4, 4], 2, 1), uniformNumbers([4, 4], 1, 2)]) expect(other).not.toEqual(first);
    expect(uniformNumbers([4, 4], 1, 1)).toEqual(first);
  });

  it.each([[[7]], [[3, 5]], [[2, 3, 4]], [[1, 1]], [[]]])('is the same compiled and eager for shape %j', (shape) => {
    const draw = (): tf.Tensor => random.uniform(shape as [number]);
    const compiled = compile(() => ({ outputs: { y: draw() } }), {}, { seed: 9 });
    for (const step of [0, 1, 1_000_000])
      expect(runProgram(compiled, { 'random/step': [step] })['output/y']).toEqual(eager(9, step, draw));
  });
});

describe('dropout', () => {
  const ones = tf.ones([6, 8]);
  const model = sequential({ layers: [layers.dropout({ inputShape: [8], rate: 0.4, name: 'drop' })] });
  const drop = (x: tf.Tensor): tf.Tensor => model.apply(x, { training: true }) as tf.Tensor;

  it('draws the same mask on every engine, and another in every step', () => {
    const compiled = compile(
      ({ x }) => ({ outputs: { y: drop(x as tf.Tensor) } }),
      { x: { shape: [6, 8] } },
      { seed: 4 },
    );
    const masks = [0, 1].map(
      (step) => runProgram(compiled, { 'input/x': ones.dataSync(), 'random/step': [step] })['output/y'],
    );
    expect(masks[0]).not.toEqual(masks[1]);
    masks.forEach((mask, step) => {
      expectClose(
        mask as Float32Array,
        eager(4, step, () => drop(ones)),
        'mask',
        { relative: 1e-6 },
      );
    });
  });

  it('follows the key of a row and not its place', () => {
    const [keys, order] = [
      [11, 22, 33, 44, 55, 66],
      [3, 0, 5, 1, 4, 2],
    ];
    const step = ({ x }: Record<string, tf.Tensor>) => ({ outputs: { y: drop(x as tf.Tensor) } });
    const compiled = compile(step, { x: { shape: [6, 8] }, 'random/rows': { shape: [6], dtype: 'int32' } });
    const of = (rows: readonly number[]): Float32Array =>
      runProgram(compiled, { 'input/x': ones.dataSync(), 'input/random/rows': rows, 'random/step': [2] })[
        'output/y'
      ] as Float32Array;
    const [straight, shuffled] = [of(keys), of(order.map((row) => keys[row] as number))];
    order.forEach((row, place) => {
      expect(shuffled.slice(place * 8, place * 8 + 8)).toEqual(straight.slice(row * 8, row * 8 + 8));
    });
    expectClose(
      straight,
      eager(0, 2, () => drop(ones), tf.tensor1d(keys, 'int32')),
      'mask',
    );
  });

  it('drops and scales: all that is kept is multiplied by the same', () => {
    const x = tf.randomUniform([6, 8], 1, 2, 'float32', 5);
    const [kept, result] = [eager(4, 0, () => drop(ones)), eager(4, 0, () => drop(x))];
    expect(new Set(kept)).toEqual(new Set([0, Math.fround(1 / 0.6)]));
    expect(result).toEqual(x.dataSync().map((value, place) => value * (kept[place] as number)));
  });

  it.each([2 ** -24, 0.1, 1 / 3, 0.5, 0.9, 1 - 2 ** -24])(
    'keeps numbers from the rate %d on, on every engine',
    (rate) => {
      const shape = [30, 40];
      const [numbers, kept] = [eager(4, 0, () => drawUniform(shape)), eager(4, 0, () => drawKept(shape, rate))];
      expect(kept).toEqual(numbers.map((number) => Number(number >= Math.fround(rate))));
      const compiled = compile(() => ({ outputs: { kept: drawKept(shape, rate) } }), {}, { seed: 4 });
      expect(runProgram(compiled, { 'random/step': [0] })['output/kept']).toEqual(kept);
    },
  );

  it('keeps the number that is the rate, and not the one below it, when it is compiled', () => {
    const shape = [30, 40];
    const numbers = eager(4, 0, () => drawUniform(shape));
    for (const place of [0, 7, 1199]) {
      const rate = numbers[place] as number;
      const compiled = [rate, rate + 2 ** -24].map((at) =>
        compile(() => ({ outputs: { kept: drawKept(shape, at) } }), {}, { seed: 4 }),
      );
      const kept = compiled.map((program) => runProgram(program, { 'random/step': [0] })['output/kept']?.[place]);
      expect(kept).toEqual([1, 0]);
    }
  });

  it('is not repeated by another layer, or by a second call of the same', () => {
    const other = sequential({ layers: [layers.dropout({ inputShape: [8], rate: 0.4, name: 'other' })] });
    const draws = withRandom({ seed: 4, step: 0 }, () => [
      drop(ones),
      drop(ones),
      other.apply(ones, { training: true }),
    ]) as tf.Tensor[];
    const masks = new Set(draws.map((mask) => mask.dataSync().join()));
    expect(masks.size).toBe(3);
  });
});

describe('initialisers', () => {
  const weights = (names: readonly string[]): Record<string, Float32Array> => {
    const built = withRandom({ seed: 1, step: 0 }, () =>
      names.map((name) => {
        const layer = layers.dense({ name, units: 3, inputShape: [4] });
        sequential({ layers: [layer] });
        return [name, layer.getWeights()[0]?.dataSync<'float32'>() as Float32Array] as const;
      }),
    );
    return Object.fromEntries(built);
  };

  it('depend on the name of the weight and not on the order of creation', () => {
    const [few, many] = [weights(['b']), weights(['a', 'b', 'c'])];
    expect(many.b).toEqual(few.b);
    expect(many.a).not.toEqual(many.b);
  });

  it('depend on no step and on no row, where a layer builds itself inside a step', () => {
    const rows = tf.tensor1d([5, 6, 7, 8], 'int32');
    const built = [{ step: 0 }, { step: 9, rows }].map((state) =>
      withRandom({ seed: 1, ...state }, () => {
        const layer = layers.dense({ name: 'late', units: 3 });
        layer.apply(tf.ones([2, 4]));
        return layer.getWeights()[0]?.dataSync();
      }),
    );
    expect(built[1]).toEqual(built[0]);
    expect(new Set(built[0]).size).toBe(12);
  });

  it.each(['build', 'apply'] as const)('are the same when it is %s that makes them', (way) => {
    const weightsBy = (how: 'build' | 'apply'): (Float32Array | undefined)[] =>
      withRandom({ seed: 1, step: 0 }, () => {
        const layer = layers.lstm({ name: 'made', units: 3 });
        if (how === 'build') layer.build([null, 5, 4]);
        else layer.apply(tf.ones([2, 5, 4]));
        return layer.getWeights().map((weight) => weight.dataSync<'float32'>());
      });
    expect(weightsBy(way)).toEqual(weightsBy('build'));
  });

  it.each(['uniform', 'normal', 'truncatedNormal'] as const)('draw %s numbers with the right moments', (kind) => {
    const numbers = eager(3, 0, () => random[kind]([100, 300]));
    const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
    const deviation = Math.sqrt(numbers.reduce((sum, number) => sum + (number - mean) ** 2, 0) / numbers.length);
    const expected = { uniform: [0.5, Math.sqrt(1 / 12)], normal: [0, 1], truncatedNormal: [0, 0.8796] }[kind];
    expect(mean).toBeCloseTo(expected[0] as number, 1);
    expect(Math.abs(deviation / (expected[1] as number) - 1)).toBeLessThan(0.02);
    if (kind === 'truncatedNormal') expect(Math.max(...numbers.map(Math.abs))).toBeLessThanOrEqual(2.0001);
  });
});

describe('a name for draws', () => {
  const draw = (): tf.Tensor => random.uniform([3]);
  const heads = (more: boolean): Float32Array[] =>
    withRandom({ seed: 5, step: 1 }, () => {
      const first = withRandomName('first', () => (more ? [draw(), draw()] : [draw()]));
      const second = withRandomName('second', () => [draw(), draw()]);
      return [first[0] as tf.Tensor, ...second];
    }).map((tensor) => tensor.dataSync<'float32'>());

  it('keeps them from changing when others are added', () => {
    expect(heads(true)).toEqual(heads(false));
    expect(new Set(heads(true).map(String)).size).toBe(3);
  });

  it('goes before those around and of layers, and counts on when it is used again', () => {
    const layer = layers.dropout({ inputShape: [3], rate: 0.5, name: 'drop' });
    const mask = (): tf.Tensor => layer.apply(tf.ones([4, 30]), { training: true }) as tf.Tensor;
    const [outer, inner, plain, again] = withRandom({ seed: 5, step: 1 }, () => [
      withRandomName('a', () => withRandomName('b', mask)),
      withRandomName('b', mask),
      mask(),
      withRandomName('b', mask),
    ]).map((tensor) => tensor.dataSync().join());
    expect(new Set([outer, inner, plain, again]).size).toBe(4);
  });

  it('is the same compiled and eager, and nothing outside of a step', () => {
    const named = (): tf.Tensor => tf.concat(['noise', 'mask'].map((name) => withRandomName(name, draw)));
    const compiled = compile(() => ({ outputs: { y: named() } }), {}, { seed: 9 });
    expect(compiled.program.inputs.map(({ name }) => name)).toEqual(['random/step']);
    expect(runProgram(compiled, { 'random/step': [3] })['output/y']).toEqual(eager(9, 3, named));
    expect(withRandomName('noise', () => 7)).toBe(7);
  });
});

describe('random operations', () => {
  it('draw integers below the upper bound, however close the numbers are', () => {
    const [low, high] = [2 ** 22, 2 ** 22 + 3];
    const integers = eager(1, 0, () => random.uniform([4000], low, high, 'int32'));
    expect([...new Set(integers)].sort()).toEqual([low, low + 1, low + 2]);
  });

  it.each([-0.1, 1, 1.5, Number.NaN])('refuse to drop a share of %d', (rate) => {
    const drop = (): tf.Tensor => random.dropout(tf.ones([2]), rate);
    const message = `rate must be a float in the range [0, 1), but got ${rate}.`;
    expect(drop).toThrow(message);
    expect(() => eager(1, 0, drop)).toThrow(message);
  });
});
