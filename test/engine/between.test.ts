import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, it } from 'vitest';
import type { PreparedStep, StepReport, Trainer, TrainerSpec } from '../../src/engine/trainer.ts';
import type { PerHead } from '../../src/trace/record.ts';
import { expectClose } from '../trace/oracle.ts';
import { engines, open } from './two-heads.ts';

beforeEach(() => {
  tf.setBackend('cpu');
  tf.disposeVariables();
});

const settings = { present: [true], learningRates: [1] };
const late = { x: { shape: [1, 3] }, factor: { shape: [], stage: 1 } };

/** A sum of products, times a factor that is to be its reciprocal. */
function reciprocal(): TrainerSpec {
  const weights = tf.variable(tf.tensor([1, 2, 3], [3, 1]), true, 'weights');
  return {
    step: ({ x, factor }) => {
      const loss = tf.sum(tf.matMul(x as tf.Tensor, weights));
      return { loss: tf.mul(loss, factor as tf.Tensor), outputs: { loss } };
    },
    groups: [{ name: 'all', variables: [weights] }],
    optimizer: { type: 'sgd' },
  };
}

const weightsOf = (trainer: Trainer): number[] => [...(trainer.state()['parameter/weights'] as Float32Array)];

/** Takes a step whose factor is found between its stages. */
function take(prepared: PreparedStep, slot: number, onBetween: (loss: number) => void = () => {}): Promise<StepReport> {
  const inputs = prepared.slots[slot] as Record<string, Float32Array>;
  inputs.x?.fill(1);
  return prepared.run(slot, settings, (outputs) => {
    const loss = outputs.loss?.[0] as number;
    onBetween(loss);
    (inputs.factor as Float32Array)[0] = 1 / loss;
  });
}

describe.each(engines)('between the stages of a step, %s', (_, config) => {
  it('its first outputs are given to whoever decides on the inputs of the second', async () => {
    const trainer = await (await open(config)).train(reciprocal());
    const report = await take(await trainer.prepare(late), 0);
    expect(report.loss).toBeCloseTo(1, 6);
    expectClose(weightsOf(trainer), [1 - 1 / 6, 2 - 1 / 6, 3 - 1 / 6], 'weights');
  });

  it('no other step begins: each sees what the one before it left', async () => {
    const trainer = await (await open(config)).train(reciprocal());
    const [stopping, plain] = [
      await trainer.prepare(late),
      await trainer.prepare({ x: { shape: [1, 3] }, factor: { shape: [] } }),
    ];
    const scores = await trainer.infer(
      () => ({ outputs: { sum: tf.sum(tf.engine().registeredVariables.weights as tf.Variable) } }),
      {},
    );
    const inputs = plain.slots[0] as Record<string, Float32Array>;
    inputs.x?.fill(1);
    inputs.factor?.fill(0.5);
    const seen: number[] = [];
    const first = take(stopping, 0, (loss) => seen.push(loss));
    const second = take(stopping, 1, (loss) => seen.push(loss));
    const third = plain.run(0, settings);
    const inferred = scores.run();
    await Promise.all([first, second]);
    const sum = 5.5 - 3 / 5.5;
    expectClose(seen, [6, 5.5], 'sums');
    expectClose([(await third).outputs.loss?.[0] as number], [sum], 'sum before the third');
    expectClose([(await inferred).sum?.[0] as number], [sum - 1.5], 'sum after the third');
  });

  it('a failure ends that step, and the next goes on', async () => {
    const trainer = await (await open(config)).train(reciprocal());
    const prepared = await trainer.prepare(late);
    const failing = take(prepared, 0, () => {
      throw new Error('undecided');
    });
    const next = take(prepared, 1);
    await expect(failing).rejects.toThrow('undecided');
    expect((await next).loss).toBeCloseTo(1, 6);
    expect((await take(prepared, 0)).outputs.loss?.[0]).toBeCloseTo(5.5, 6);
  });

  it.each<[PerHead, string[]]>([
    ['none', []],
    ['activations', ['gradient[a]@hidden', 'gradient[b]@hidden']],
    ['all', ['gradient[a]/weights', 'gradient[a]@hidden', 'gradient[b]/weights', 'gradient[b]@hidden']],
  ])('gradients of single losses are given when they were asked for: %s', async (perHead, expected) => {
    const weights = tf.variable(tf.tensor([1, 2, 3], [3]), true, 'weights');
    const trainer = await (await open(config)).train({
      step: ({ x, factor }) => {
        const hidden = tf.mul(x as tf.Tensor, weights);
        const losses = { a: tf.sum(tf.mul(hidden, 3)), b: tf.sum(tf.square(hidden)) };
        const loss = tf.mul(tf.add(losses.a, losses.b), factor as tf.Tensor);
        return { loss, losses, activations: { hidden }, outputs: { hidden } };
      },
      groups: [{ name: 'all', variables: [weights] }],
      optimizer: { type: 'sgd' },
      perHead,
    });
    const prepared = await trainer.prepare({ x: { shape: [3] }, factor: { shape: [], stage: 1 } });
    prepared.slots[0]?.x?.fill(2 as never);
    const given: Record<string, number[]> = {};
    await prepared.run(0, settings, (outputs) => {
      for (const [name, values] of Object.entries(outputs)) given[name] = [...(values as Float32Array)];
      (prepared.slots[0]?.factor as Float32Array)[0] = 0;
    });
    expect(Object.keys(given).sort()).toEqual([...expected, 'hidden'].sort());
    const values: Record<string, number[]> = {
      hidden: [2, 4, 6],
      'gradient[a]@hidden': [3, 3, 3],
      'gradient[b]@hidden': [4, 8, 12],
      'gradient[a]/weights': [6, 6, 6],
      'gradient[b]/weights': [8, 16, 24],
    };
    for (const [name, found] of Object.entries(given)) expectClose(found, values[name] as number[], name);
  });
});
