import * as tf from '@tensorflow/tfjs-core';
import { input, layers, model, sequential } from '@tensorflow/tfjs-layers';
import { trunklineBackend } from '../../src/engine/backend.ts';
import type { InputSpecs, Step } from '../../src/trace/record.ts';
import { numbers } from '../trace/oracle.ts';

trunklineBackend();

/** A model with a step to train it, and batches to train it on. */
export interface TrainedModel {
  readonly step: Step;
  readonly variables: readonly tf.Variable[];
  readonly specs: InputSpecs;
  readonly batch: (step: number) => Readonly<Record<string, readonly number[]>>;
}

const at = (inputs: Record<string, tf.Tensor>, name: string): tf.Tensor => inputs[name] as tf.Tensor;
const weightsOf = (...models: { weights: { read(): tf.Tensor }[] }[]): tf.Variable[] =>
  models.flatMap(({ weights }) => weights.map((weight) => weight.read() as tf.Variable));
const binary = (count: number, seed: number): number[] => numbers(count, seed).map((value) => Number(value > 0));
const whole = (count: number, seed: number, below: number): number[] =>
  numbers(count, seed).map((value) => Math.floor(((value + 1) / 2) * below));

function crossEntropy(logits: tf.Tensor, labels: tf.Tensor): tf.Tensor {
  return tf.mean(tf.add(tf.sub(tf.relu(logits), tf.mul(logits, labels)), tf.log1p(tf.exp(tf.neg(tf.abs(logits))))));
}

/** A sequential model on one input, trained on binary labels. */
function simple(
  built: ReturnType<typeof sequential>,
  rows: number,
  shape: number[],
  heads: number,
  ids?: number,
): TrainedModel {
  const count = rows * shape.reduce((product, size) => product * size, 1);
  return {
    step: (inputs) => ({
      loss: crossEntropy(built.apply(at(inputs, 'x'), { training: true }) as tf.Tensor, at(inputs, 'y')),
    }),
    variables: weightsOf(built),
    specs: { x: { shape: [rows, ...shape], dtype: ids ? 'int32' : 'float32' }, y: { shape: [rows, heads] } },
    batch: (step) => ({
      x: ids ? whole(count, step + 1, ids) : numbers(count, step + 1),
      y: binary(rows * heads, step + 50),
    }),
  };
}

/** Models of every kind that layers can build, small enough for the plain backend. */
export const trainedModels: Readonly<Record<string, () => TrainedModel>> = {
  mlp: () =>
    simple(
      sequential({
        layers: [
          layers.dense({ inputShape: [20], units: 16, activation: 'relu' }),
          layers.dropout({ rate: 0.3 }),
          layers.dense({ units: 3 }),
        ],
      }),
      8,
      [20],
      3,
    ),
  'two inputs, two outputs': () => {
    const [a, b] = [input({ shape: [20] }), input({ shape: [8] })];
    const left = layers.dense({ units: 12, activation: 'relu' }).apply(a);
    const right = layers.dense({ units: 6, activation: 'tanh' }).apply(b);
    const joined = layers.concatenate().apply([left, right] as never);
    const trunk = layers.dense({ units: 10, activation: 'elu' }).apply(joined);
    const outputs = [layers.dense({ units: 3 }).apply(trunk), layers.dense({ units: 5 }).apply(trunk)];
    const built = model({ inputs: [a, b], outputs: outputs as never });
    return {
      step: (inputs) => {
        const [p, q] = built.apply([at(inputs, 'a'), at(inputs, 'b')], { training: true }) as tf.Tensor[];
        const classes = tf.mean(tf.neg(tf.sum(tf.mul(tf.logSoftmax(q as tf.Tensor), at(inputs, 'q')), -1)));
        return { loss: tf.add(crossEntropy(p as tf.Tensor, at(inputs, 'p')), classes) };
      },
      variables: weightsOf(built),
      specs: { a: { shape: [8, 20] }, b: { shape: [8, 8] }, p: { shape: [8, 3] }, q: { shape: [8, 5] } },
      batch: (step) => ({
        a: numbers(160, step + 1),
        b: numbers(64, step + 20),
        p: binary(24, step + 40),
        q: binary(40, step + 60),
      }),
    };
  },
  'convolution, batch normalisation, pooling': () =>
    simple(
      sequential({
        layers: [
          layers.conv2d({ inputShape: [12, 12, 3], filters: 6, kernelSize: 3, padding: 'same', activation: 'relu' }),
          layers.maxPooling2d({ poolSize: 2 }),
          layers.conv2d({ filters: 8, kernelSize: 3, strides: 2 }),
          layers.batchNormalization(),
          layers.activation({ activation: 'relu' }),
          layers.averagePooling2d({ poolSize: 2, strides: 1, padding: 'same' }),
          layers.flatten(),
          layers.dense({ units: 4 }),
        ],
      }),
      6,
      [12, 12, 3],
      4,
    ),
  'embedding, convolution, global maximum': () =>
    simple(
      sequential({
        layers: [
          layers.embedding({ inputDim: 30, outputDim: 8, inputLength: 12 }),
          layers.conv1d({ filters: 10, kernelSize: 3, activation: 'relu' }),
          layers.globalMaxPooling1d(),
          layers.dense({ units: 2 }),
        ],
      }),
      6,
      [12],
      2,
      30,
    ),
  lstm: () =>
    simple(
      sequential({ layers: [layers.lstm({ inputShape: [7, 5], units: 6 }), layers.dense({ units: 2 })] }),
      5,
      [7, 5],
      2,
    ),
  'bidirectional gru, layer normalisation': () =>
    simple(
      sequential({
        layers: [
          layers.bidirectional({
            layer: layers.gru({ units: 5, returnSequences: true }) as never,
            inputShape: [7, 5],
            mergeMode: 'concat',
          }),
          layers.globalAveragePooling1d({}),
          layers.layerNormalization(),
          layers.dense({ units: 2 }),
        ],
      }),
      5,
      [7, 5],
      2,
    ),
  attention: () => {
    const [rows, length, width, heads] = [4, 6, 8, 2];
    const projections = ['q', 'k', 'v', 'o'].map((_, which) =>
      tf.variable(tf.mul(tf.tensor(numbers(width * width, which + 70), [width, width]), 0.4)),
    );
    const norm = sequential({ layers: [layers.layerNormalization({ inputShape: [length, width] })] });
    const out = sequential({
      layers: [layers.globalAveragePooling1d({ inputShape: [length, width] }), layers.dense({ units: 3 })],
    });
    const split = (x: tf.Tensor): tf.Tensor =>
      tf.transpose(tf.reshape(x, [rows, length, heads, width / heads]), [0, 2, 1, 3]);
    return {
      step: (inputs) => {
        const x = at(inputs, 'x');
        const flat = tf.reshape(norm.apply(x) as tf.Tensor, [rows * length, width]);
        const [q, k, v] = projections.slice(0, 3).map((w) => split(tf.matMul(flat, w))) as [
          tf.Tensor,
          tf.Tensor,
          tf.Tensor,
        ];
        const weights = tf.softmax(tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(width / heads)));
        const mixed = tf.reshape(tf.transpose(tf.matMul(weights, v), [0, 2, 1, 3]), [rows * length, width]);
        const result = tf.reshape(tf.matMul(mixed, projections[3] as tf.Variable), [rows, length, width]);
        return { loss: crossEntropy(out.apply(tf.add(x, result)) as tf.Tensor, at(inputs, 'y')) };
      },
      variables: [...projections, ...weightsOf(norm, out)],
      specs: { x: { shape: [rows, length, width] }, y: { shape: [rows, 3] } },
      batch: (step) => ({ x: numbers(rows * length * width, step + 1), y: binary(rows * 3, step + 30) }),
    };
  },
};
