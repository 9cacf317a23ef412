import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, it } from 'vitest';
import type { StepReport, Trainer, TrainerSpec } from '../../src/engine/trainer.ts';
import { copy, engines, open } from './two-heads.ts';

beforeEach(() => {
  tf.setBackend('cpu');
  tf.disposeVariables();
});

/** A head that may be left out, and a variable that follows an input. */
function following(): TrainerSpec {
  const variable = (name: string, trainable = true): tf.Variable => tf.variable(tf.ones([3]), trainable, name);
  const [a, b, last, count] = [
    variable('a'),
    variable('b'),
    variable('last', false),
    tf.variable(tf.scalar(0x7f800000, 'int32'), false, 'count'),
  ];
  return {
    step: ({ x, y, factor }) => {
      last.assign(x as tf.Tensor1D);
      count.assign(tf.add(count, tf.scalar(1, 'int32')) as tf.Scalar);
      const losses = { a: tf.sum(a), b: tf.sum(tf.mul(b, y as tf.Tensor)) };
      const absent = tf.where(tf.greater(factor as tf.Tensor, 0), losses.b, tf.zerosLike(losses.b));
      return { loss: tf.add(losses.a, absent), losses };
    },
    groups: [
      { name: 'a', variables: [a, last, count] },
      { name: 'b', variables: [b] },
    ],
    optimizer: { type: 'sgd' },
  };
}

interface Given {
  readonly x?: number;
  readonly y?: number;
  readonly present?: readonly boolean[];
}

async function take(trainer: Trainer, { x = 2, y = 1, present = [true, true] }: Given): Promise<StepReport> {
  const prepared = await trainer.prepare({ x: { shape: [3] }, y: { shape: [3] }, factor: { shape: [] } });
  const inputs = prepared.slots[0] as Record<'x' | 'y' | 'factor', Float32Array>;
  inputs.x.set([1, x, 3]);
  inputs.y.fill(y);
  inputs.factor.fill(present[1] ? 1 : 0);
  return prepared.run(0, { present, learningRates: [0.5, 0.5] });
}

describe.each(engines)('a step moves, %s', (_, config) => {
  it('what its program computes: another shape may leave parts out', async () => {
    const spec = following();
    const trainer = await (await open(config)).train({
      ...spec,
      step: ({ x, z }) => {
        const [a, b] = spec.groups.flatMap(({ variables }) => variables).filter(({ trainable }) => trainable);
        return { loss: tf.sum(x ? tf.mul(a as tf.Variable, x) : tf.mul(b as tf.Variable, z as tf.Tensor)) };
      },
    });
    const settings = { present: [true, true], learningRates: [0.5, 0.5] };
    const [withX, withZ] = [await trainer.prepare({ x: { shape: [3] } }), await trainer.prepare({ z: { shape: [3] } })];
    withX.slots[0]?.x?.fill(1 as never);
    withZ.slots[0]?.z?.fill(1 as never);
    await withX.run(0, settings);
    await withZ.run(0, settings);
    await withX.run(0, settings);
    expect(trainer.state()['parameter/a']).toEqual(Float32Array.of(0, 0, 0));
    expect(trainer.state()['parameter/b']).toEqual(Float32Array.of(0.5, 0.5, 0.5));
  });

  it('nothing when an assigned value is not finite, and says which', async () => {
    const trainer = await (await open(config)).train(following());
    await take(trainer, {});
    const before = copy(trainer.state());
    for (const x of [Number.NaN, Number.POSITIVE_INFINITY])
      expect((await take(trainer, { x })).nonFinite).toEqual(['update/last']);
    expect(copy(trainer.state())).toEqual(before);
    expect(trainer.state()['parameter/count']).toEqual(Int32Array.of(0x7f800001));
    expect((await take(trainer, { x: Number.NaN, present: [false, true] })).nonFinite).toEqual([]);
    expect(copy(trainer.state())).toEqual({ ...before, 'parameter/b': [0, 0, 0], 'clock/b': [2] });
  });

  it('present groups, whatever the loss of an absent head is', async () => {
    const trainer = await (await open(config)).train(following());
    const report = await take(trainer, { y: Number.NaN, present: [true, false] });
    expect(report).toMatchObject({ nonFinite: [], losses: { a: 3, b: Number.NaN } });
    expect(trainer.state()).toMatchObject({
      'parameter/a': Float32Array.of(0.5, 0.5, 0.5),
      'clock/b': Int32Array.of(0),
    });
    const vetoed = await take(trainer, { x: Number.NaN, y: Number.NaN, present: [true, false] });
    expect(vetoed.nonFinite).toEqual(['update/last', 'loss/b']);
    expect((await take(trainer, { y: Number.NaN })).nonFinite).toEqual(['loss', 'gradient/b', 'loss/b']);
  });
});
