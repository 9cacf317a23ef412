import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type * as core from '@tensorflow/tfjs-core';
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { Layer } from '../work.ts';
import { type LayerMakers, layerOf, setWeights } from './layers.ts';
import { type Given, serve } from './serve.ts';

// TensorFlow.js as its users write it, from the peers' own folder: gradients of a masked loss, kernel by kernel.

type Tf = typeof core & {
  readonly layers: LayerMakers;
  readonly input: typeof import('@tensorflow/tfjs-layers')['input'];
  readonly model: typeof import('@tensorflow/tfjs-layers')['model'];
};

const load = createRequire(`${process.env.TRUNKLINE_PEERS}/node/package.json`);

async function openTf(form: string): Promise<Tf> {
  if (form === 'node') return load('@tensorflow/tfjs-node');
  const tf: Tf = load('@tensorflow/tfjs');
  if (form === 'wasm') {
    const folder = dirname(load.resolve('@tensorflow/tfjs-backend-wasm'));
    load('@tensorflow/tfjs-backend-wasm').setWasmPaths(`${folder}/`);
  }
  await tf.setBackend(form);
  return tf;
}

/** Loss of each row, and of each unit where heads are side by side. */
const lossesOf = (tf: Tf) => ({
  binaryCrossentropy: (out: core.Tensor, y: core.Tensor) =>
    tf.add(tf.sub(tf.relu(out), tf.mul(out, y)), tf.log1p(tf.exp(tf.neg(tf.abs(out))))),
  sparseCategoricalCrossentropy: (out: core.Tensor, y: core.Tensor) =>
    tf.neg(tf.sum(tf.mul(tf.oneHot(tf.reshape(y, [-1]), out.shape[1] as number), tf.logSoftmax(out)), 1, true)),
  smoothL1: (out: core.Tensor, y: core.Tensor) => {
    const error = tf.abs(tf.sub(out, y));
    const inner = tf.minimum(error, 1);
    return tf.mean(tf.mul(inner, tf.sub(error, tf.mul(inner, 0.5))), 1, true);
  },
});

function modelOf(tf: Tf, given: Given) {
  const chain = (layers: readonly Layer[], prefix: string, begin: SymbolicTensor): SymbolicTensor =>
    layers.reduce((x, layer, at) => {
      const made = layerOf(tf.layers, layer);
      const out = made.apply(x) as SymbolicTensor;
      setWeights(made, given.weights(`${prefix}.${at}`), tf.tensor);
      return out;
    }, begin);
  const { shape, ids } = given.work.input;
  const inputs = tf.input({ shape: [...shape], dtype: ids ? 'int32' : 'float32' });
  const shared = chain(given.work.trunk, 'trunk', inputs);
  return tf.model({ inputs, outputs: given.work.heads.map(({ name, layers }) => chain(layers, name, shared)) });
}

await serve(async (given) => {
  const tf = await openTf(given.form);
  const { heads, rows, clip, optimizer: type, learningRate } = given.work;
  const [model, losses, optimizer] = [modelOf(tf, given), lossesOf(tf), tf.train.adam(learningRate, 0.9, 0.999, 1e-8)];
  const variables = model.trainableWeights.map((weight) => weight.read() as core.Variable);
  const tensor = ({ values, shape, dtype }: ReturnType<Given['weights']>[number]) =>
    tf.tensor(values as Float32Array, [...shape], dtype as 'float32');
  const batches = given.batches.map(({ x, known }) => ({
    x: tensor(x),
    known: new Map([...known].map(([name, { y, mask }]) => [name, { y: tensor(y), mask: tensor(mask) }])),
  }));
  const step = ({ x, known }: (typeof batches)[number]): core.Scalar => {
    const { value, grads } = tf.variableGrads(() => {
      const outputs = [model.apply(x, { training: true }) as core.Tensor | core.Tensor[]].flat();
      const sums = heads.flatMap(({ name, loss }, at) => {
        const labels = known.get(name);
        return labels ? [tf.sum(tf.mul(losses[loss](outputs[at] as core.Tensor, labels.y), labels.mask))] : [];
      });
      return tf.div(tf.addN(sums), rows) as core.Scalar;
    }, variables);
    const squares = Object.values(grads).flatMap((gradient) => (gradient ? [tf.sum(tf.square(gradient))] : []));
    const norm = clip && tf.sqrt(tf.addN(squares));
    const factor = norm ? tf.minimum(tf.div(clip, norm), 1) : undefined;
    if (type === 'adamw') for (const variable of variables) variable.assign(tf.mul(variable, 1 - learningRate * 0.01));
    // Every variable in its place, because Adam's slots go by the place; heads without a label have no gradient.
    optimizer.applyGradients(
      variables.map(({ name }) => {
        const gradient = grads[name] as core.Tensor;
        return { name, tensor: gradient && factor ? tf.mul(gradient, factor) : gradient };
      }),
    );
    return value;
  };
  return {
    name: `TensorFlow.js ${tf.version_core} ${tf.getBackend()}`,
    train: async (numbers) => {
      let loss = Number.NaN;
      for (const [at, number] of numbers.entries()) {
        const value = tf.tidy(() => step(batches[number] as (typeof batches)[number]));
        // On its backends in this process reading waits for nothing; the last one is read so that all is computed.
        if (at === numbers.length - 1) loss = (await value.data())[0] as number;
        value.dispose();
      }
      return loss;
    },
  };
});
