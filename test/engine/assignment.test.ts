import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { undoingAssignments } from '../../src/engine/assignment.ts';
import { copy, engines, open, run, specs, twoHeads } from './two-heads.ts';

beforeEach(() => {
  tf.setBackend('cpu');
  tf.disposeVariables();
});

it('puts back what was assigned, once or often, and whatever happens then', () => {
  const [a, b, gone] = [1, 2, 3].map((value) => tf.variable(tf.scalar(value))) as [
    tf.Variable,
    tf.Variable,
    tf.Variable,
  ];
  const assign = a.assign;
  const before = tf.memory().numTensors;
  const step = (assigned: Iterable<tf.Variable>): string => {
    for (const value of [5, 6]) tf.tidy(() => a.assign(tf.scalar(value)));
    tf.tidy(() => gone.assign(tf.scalar(7)));
    gone.dispose();
    expect([...assigned]).toEqual([a, gone]);
    expect(a.dataSync()[0]).toBe(6);
    return 'done';
  };
  expect(undoingAssignments(step)).toBe('done');
  expect(() =>
    undoingAssignments(() => {
      tf.tidy(() => b.assign(tf.scalar(7)));
      throw new Error('no');
    }),
  ).toThrow('no');
  expect([a.dataSync()[0], b.dataSync()[0]]).toEqual([1, 2]);
  expect(tf.memory().numTensors).toBe(before - 1);
  expect(a.assign).toBe(assign);
});

describe.each(engines)('what is assigned, %s', (_, config) => {
  it('by a function that is inferred is dropped', async () => {
    const spec = twoHeads();
    const { mean, trunk } = spec.variables as Record<'mean' | 'trunk', tf.Variable>;
    const trainer = await (await open(config)).train(spec);
    const before = copy(trainer.state());
    const inference = await trainer.infer(() => {
      mean.assign(tf.ones([1, 6]));
      trunk.assign(tf.zeros([4, 6]));
      return { outputs: { mean: tf.mul(mean, 2), trunk: tf.sum(trunk) } };
    }, {});
    const { mean: doubled, trunk: sum } = await inference.run();
    expect([[...(doubled as Float32Array)], sum?.[0]]).toEqual([[2, 2, 2, 2, 2, 2], 0]);
    expect(copy(trainer.state())).toEqual(before);
    trainer.pull();
    expect(mean.dataSync()).toEqual(new Float32Array(6));
  });

  it('by a step that fails is dropped', async () => {
    const spec = twoHeads();
    const trainer = await (await open(config)).train({
      ...spec,
      step: (inputs) => {
        spec.step(inputs);
        throw new Error('no');
      },
    });
    await expect(trainer.prepare(specs).then((prepared) => run(prepared, 0))).rejects.toThrow('no');
    expect(spec.variables.mean?.dataSync()).toEqual(new Float32Array(6));
  });

  it('before the first step is part of the state', async () => {
    const spec = twoHeads();
    const trainer = await (await open(config)).train(spec);
    const state = trainer.state();
    expect(Object.keys(state).sort()).toEqual(['parameter/a', 'parameter/b', 'parameter/mean', 'parameter/trunk']);
    for (const [name, variable] of Object.entries(spec.variables))
      expect(state[`parameter/${name}`], name).toEqual(variable.dataSync());
    expect(() => trainer.restore({ 'parameter/a': new Float32Array(5) })).toThrow(
      "state 'parameter/a': expected 6 values; found 5",
    );
  });

  it('to variables of other types is kept as it is', async () => {
    const count = tf.variable(tf.scalar(7, 'int32'), false, 'count');
    const seen = tf.variable(tf.tensor1d([false, true], 'bool'), false, 'seen');
    const trainer = await (await open(config)).train({
      step: ({ x }) => {
        count.assign(tf.add(count, tf.scalar(1, 'int32')) as tf.Scalar);
        seen.assign(tf.greater(x as tf.Tensor1D, 0));
        return { outputs: { count: tf.mul(count, 1) } };
      },
      groups: [{ name: 'all', variables: [count, seen] }],
      optimizer: { type: 'adam' },
    });
    const prepared = await trainer.prepare({ x: { shape: [2] } });
    prepared.slots[0]?.x?.set([1, -1] as never);
    const { outputs } = await prepared.run(0, { present: [true], learningRates: [1] });
    expect(outputs.count).toEqual(Float32Array.of(8));
    expect(trainer.state()).toMatchObject({
      'parameter/count': Int32Array.of(8),
      'parameter/seen': Uint8Array.of(1, 0),
    });
  });
});
