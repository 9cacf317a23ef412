import * as tf from '@tensorflow/tfjs-core';
import { input, layers, model } from '@tensorflow/tfjs-layers';
import { pipe } from 'rxjs';
import {
  type Branch,
  fork as forkGraph,
  GraphModel,
  joinWith,
  lambda,
  type ModelSpec,
  merge as mergeGraph,
} from '../../../src/model/index.ts';
import type { Batch } from '../../../src/step/batch.ts';
import type { InputShape } from '../../../src/stream/stage/describer.ts';
import {
  bce,
  branch,
  fork,
  merge,
  mergeLosses,
  mse,
  pick,
  type Selector,
  sum,
  trunk,
} from '../../../src/stream/stage/index.ts';
import { fractions } from '../../contract/plan.ts';

const { conv2d, dense, embedding, flatten, lstm } = layers;

export const richInputs: Readonly<Record<string, InputShape>> = {
  unused: { shape: [2] },
  text: { shape: [5], dtype: 'int32' },
  image: { shape: [4, 4, 2] },
};

const words = () => [
  embedding({ inputDim: 7, outputDim: 3, maskZero: true }),
  lstm({ units: 4, recurrentInitializer: 'glorotUniform' }),
];
const pixels = () => [conv2d({ filters: 2, kernelSize: 3, activation: 'relu' }), flatten()];
const halved = (x: tf.Tensor): tf.Tensor => tf.mul(tf.tanh(x), 0.5);
const added = (x: tf.Tensor, y: tf.Tensor): tf.Tensor => tf.add(tf.sum(x, 1, true), tf.sum(y, 1, true));

function twoInputs() {
  const [a, b] = [input({ name: 'right', shape: [3] }), input({ name: 'left', shape: [3] })];
  return model({ name: 'scorer', inputs: [a, b], outputs: layers.multiply().apply([a, b]) as never });
}

/** Two inputs and one that nobody uses, masked sequences, functions, a head in mid-trunk, branches that are joined. */
export function richSelector(): Selector<'auxiliary' | 'total' | 'final' | 'pair'> {
  return (batch$) =>
    batch$.pipe(
      trunk({ text: words(), image: pixels(), unused: dense({ units: 9 }) }),
      fork({
        auxiliary: pipe(pick('image'), branch(dense({ units: 1 }), mse(), { weight: 0.3, trainingOnly: true })),
        total: pipe(pick('text', 'image'), branch(added, mse(), { denominator: 'batch' })),
        rest: pipe(
          pick('text', 'image'),
          trunk({ image: dense({ units: 4 }) }),
          merge('concat'),
          trunk(halved),
          fork({ left: trunk(dense({ units: 3 })), right: trunk(dense({ units: 3, activation: 'tanh' })) }),
          fork({
            final: pipe(merge('sum'), branch(dense({ units: 1 }), bce({ positiveWeight: 2 }))),
            pair: branch([twoInputs(), dense({ units: 1 })], mse()),
          }),
        ),
      }),
      mergeLosses(sum({ final: 0.5, auxiliary: 2 })),
    );
}

/** The same, as a graph. */
export function richGraph(): ModelSpec {
  const graph = new GraphModel(5);
  const text = graph.input('text', [5], { dtype: 'int32' }).add(...words());
  const image = graph.input('image', [4, 4, 2]).add(...pixels());
  const [auxiliary] = forkGraph(image, ['auxiliary']);
  graph.output('auxiliary', auxiliary.add(dense({ units: 1 })), {
    loss: 'meanSquaredError',
    weight: 0.6,
    trainingOnly: true,
  });
  const total = joinWith(lambda(added), [text, image], 'total');
  graph.output('total', total, { loss: 'meanSquaredError', denominator: 'batch' });
  const [ofText, ofImage] = [...forkGraph(text, ['rest.text']), ...forkGraph(image, ['rest.image'])] as [
    Branch,
    Branch,
  ];
  const rest = mergeGraph([ofText, ofImage.add(dense({ units: 4 }))], 'concat').add(lambda(halved));
  const [left, right] = forkGraph(rest, ['left', 'right']);
  const ends = [left.add(dense({ units: 3 })), right.add(dense({ units: 3, activation: 'tanh' }))] as const;
  const final = mergeGraph(ends, 'sum', { name: 'final' }).add(dense({ units: 1 }));
  graph.output('final', final, { loss: { type: 'binaryCrossentropy', positiveWeight: 2 }, weight: 0.5 });
  const pair = joinWith(twoInputs(), [ends[1], ends[0]], 'pair').add(dense({ units: 1 }));
  graph.output('pair', pair, { loss: 'meanSquaredError' });
  return graph.describe();
}

const rows = 4;
const labels = (size: number, seed: number, present: readonly number[], whole = false) => ({
  values: Float32Array.from(fractions(rows * size, seed), (value) => (whole ? Math.round(value) : value)),
  present: Uint8Array.from(present),
});

export const richBatches: readonly Batch[] = [0, 1, 2].map((step) => ({
  rows,
  inputs: {
    text: Int32Array.from(fractions(rows * 5, step), (value, at) =>
      at % 5 > 2 + (at % 2) ? 0 : 1 + Math.floor(value * 6),
    ),
    image: Float32Array.from(fractions(rows * 32, step + 9)),
    unused: new Float32Array(rows * 2).fill(Number.NaN),
  },
  labels: {
    auxiliary: labels(1, step, step === 1 ? [0, 0, 0, 0] : [1, 0, 1, 1]),
    total: labels(1, step + 1, [1, 1, 0, 0]),
    final: labels(1, step + 2, step === 2 ? [0, 0, 0, 0] : [0, 1, 1, 0], true),
    pair: labels(1, step + 3, [0, 0, 1, 1]),
  },
}));
