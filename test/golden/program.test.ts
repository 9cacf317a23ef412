import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { beforeEach, expect, it } from 'vitest';
import { trunklineBackend } from '../../src/engine/backend.ts';
import { compile } from '../../src/engine/compile.ts';
import type { InputSpecs, Step } from '../../src/trace/record.ts';

trunklineBackend();

beforeEach(() => {
  tf.setBackend('cpu');
  tf.disposeVariables();
});

const at = (inputs: Record<string, tf.Tensor>, name: string): tf.Tensor => inputs[name] as tf.Tensor;

/** Steps whose whole program is kept as text: a change in it is seen, and is either meant or a mistake. */
const programs: Readonly<Record<string, () => { readonly step: Step; readonly specs: InputSpecs }>> = {
  'two-heads': () => {
    const trunk = sequential({
      layers: [
        layers.dense({ name: 'hidden', inputShape: [8], units: 4, activation: 'relu' }),
        layers.dropout({ name: 'drop', rate: 0.5 }),
      ],
    });
    const heads = ['a', 'b'].map((name) => layers.dense({ name, units: 1, inputDim: 4 }));
    for (const head of heads) head.build([null, 4] as never);
    return {
      step: (inputs) => {
        const hidden = trunk.apply(at(inputs, 'x'), { training: true }) as tf.Tensor;
        const [a, b] = heads.map((head, which) => {
          const present = tf.greater(at(inputs, `known${which}`), 0);
          const error = tf.squaredDifference(head.apply(hidden) as tf.Tensor, at(inputs, `y${which}`));
          return tf.div(tf.sum(tf.where(present, error, tf.zerosLike(error))), at(inputs, `divisor${which}`));
        }) as [tf.Tensor, tf.Tensor];
        return { loss: tf.add(a, b), losses: { a, b } };
      },
      specs: Object.fromEntries([
        ['x', { shape: [6, 8] }],
        ...[0, 1].flatMap((which) => [
          [`y${which}`, { shape: [6, 1] }],
          [`known${which}`, { shape: [6, 1] }],
          [`divisor${which}`, { shape: [] }],
        ]),
      ]),
    };
  },
  convolution: () => {
    const model = sequential({
      layers: [
        layers.conv2d({ name: 'conv', inputShape: [8, 8, 3], filters: 4, kernelSize: 3, padding: 'same' }),
        layers.batchNormalization({ name: 'norm' }),
        layers.activation({ name: 'relu', activation: 'relu' }),
        layers.maxPooling2d({ name: 'pool', poolSize: 2 }),
        layers.flatten({ name: 'flat' }),
        layers.dense({ name: 'out', units: 2 }),
      ],
    });
    return {
      step: (inputs) => ({
        loss: tf.mean(tf.square(model.apply(at(inputs, 'x'), { training: true }) as tf.Tensor)),
      }),
      specs: { x: { shape: [2, 8, 8, 3] } },
    };
  },
};

it.each(Object.entries(programs))('%s', async (name, make) => {
  const { step, specs } = make();
  await expect(`${compile(step, specs).text()}\n`).toMatchFileSnapshot(`./${name}.txt`);
});
