import * as tf from '@tensorflow/tfjs-core';
import { input, type LayersModel, layers, model, type SymbolicTensor, sequential } from '@tensorflow/tfjs-layers';
import type { InputSpecs, Step } from '../../src/trace/record.ts';

/** A model to be measured: the step, and the shapes it takes for a number of rows. */
export interface Work {
  readonly name: string;
  readonly model: LayersModel;
  readonly step: Step;
  readonly specs: (rows: number) => InputSpecs;
}

/**
 * Binary cross-entropy from logits, averaged over what is labelled.
 * @param labelled 1 where the label is known, 0 elsewhere
 */
export function maskedCrossEntropy(logits: tf.Tensor, labels: tf.Tensor, labelled: tf.Tensor): tf.Tensor {
  const losses = tf.add(tf.sub(tf.relu(logits), tf.mul(logits, labels)), tf.log1p(tf.exp(tf.neg(tf.abs(logits)))));
  return tf.div(tf.sum(tf.mul(losses, labelled)), tf.sum(labelled));
}

const tensor = (inputs: Record<string, tf.Tensor>, name: string): tf.Tensor => inputs[name] as tf.Tensor;

function trained(
  name: string,
  built: LayersModel,
  inputShape: readonly number[],
  heads: number,
  dtype: 'float32' | 'int32' = 'float32',
): Work {
  return {
    name,
    model: built,
    step: (inputs) => {
      const logits = built.apply(tensor(inputs, 'x'), { training: true }) as tf.Tensor;
      return { loss: maskedCrossEntropy(logits, tensor(inputs, 'y'), tensor(inputs, 'm')) };
    },
    specs: (rows) => ({
      x: { shape: [rows, ...inputShape], dtype },
      y: { shape: [rows, heads] },
      m: { shape: [rows, heads] },
    }),
  };
}

/** 1024-512-256-12, twelve binary heads: the dense multi-task model of DESIGN. */
export function denseWork(): Work {
  const built = sequential({
    layers: [
      layers.dense({ inputShape: [1024], units: 512, activation: 'relu' }),
      layers.dense({ units: 256, activation: 'relu' }),
      layers.dense({ units: 12 }),
    ],
  });
  return trained('dense', built, [1024], 12);
}

/** A small image model: 3 × 32 × 32, convolutions 16 and 32 with pooling, ten outputs. */
export function convolutionWork(): Work {
  const built = sequential({
    layers: [
      layers.conv2d({ inputShape: [32, 32, 3], filters: 16, kernelSize: 3, padding: 'same', activation: 'relu' }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.conv2d({ filters: 32, kernelSize: 3, padding: 'same', activation: 'relu' }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 10 }),
    ],
  });
  return trained('cnn', built, [32, 32, 3], 10);
}

/** The image model with batch normalisation, strides and average pooling: transposes and statistics everywhere. */
export function normalizedWork(): Work {
  const built = sequential({
    layers: [
      layers.conv2d({ inputShape: [32, 32, 3], filters: 16, kernelSize: 3, padding: 'same', useBias: false }),
      layers.batchNormalization(),
      layers.activation({ activation: 'relu' }),
      layers.conv2d({ filters: 32, kernelSize: 3, strides: 2, padding: 'same', useBias: false }),
      layers.batchNormalization(),
      layers.activation({ activation: 'relu' }),
      layers.averagePooling2d({ poolSize: 2 }),
      layers.globalAveragePooling2d({}),
      layers.dense({ units: 10 }),
    ],
  });
  return trained('normalized cnn', built, [32, 32, 3], 10);
}

/** Text by windows: 64 of 1000 words embedded in 64 numbers, convolution of five, the greatest of each channel. */
export function windowWork(): Work {
  const built = sequential({
    layers: [
      layers.embedding({ inputDim: 1000, outputDim: 64, inputLength: 64 }),
      layers.conv1d({ filters: 64, kernelSize: 5, activation: 'relu' }),
      layers.globalMaxPooling1d(),
      layers.dropout({ rate: 0.2 }),
      layers.dense({ units: 10 }),
    ],
  });
  return trained('text windows', built, [64], 10, 'int32');
}

/** A bidirectional recurrence over 16 steps of 32 numbers, with layer normalisation. */
export function recurrentWork(): Work {
  const layer = layers.gru({ units: 32, returnSequences: true, recurrentInitializer: 'glorotUniform' });
  const built = sequential({
    layers: [
      layers.bidirectional({ layer: layer as never, inputShape: [16, 32], mergeMode: 'concat' }),
      layers.layerNormalization(),
      layers.globalAveragePooling1d({}),
      layers.dense({ units: 10 }),
    ],
  });
  return trained('recurrent', built, [16, 32], 10);
}

/** Parallel convolutions of padded images, joined, as in GoogLeNet. */
export function inceptionWork(): Work {
  const image = input({ shape: [32, 32, 8] });
  const branch = (kernelSize: number): SymbolicTensor => {
    const padded = layers.zeroPadding2d({ padding: (kernelSize - 1) / 2 }).apply(image);
    return layers.conv2d({ filters: 8, kernelSize, activation: 'relu' }).apply(padded) as SymbolicTensor;
  };
  const joined = layers.concatenate().apply([1, 3, 5].map(branch)) as SymbolicTensor;
  const pooled = layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }).apply(joined);
  const last = layers.conv2d({ filters: 32, kernelSize: 3, activation: 'relu' }).apply(pooled);
  const outputs = layers.dense({ units: 10 }).apply(layers.globalMaxPooling2d({}).apply(last)) as SymbolicTensor;
  return trained('inception', model({ inputs: image, outputs }), [32, 32, 8], 10);
}

/** Two convolutions along a sequence of 128 with batch normalisation between them. */
export function sequenceWork(): Work {
  const built = sequential({
    layers: [
      layers.conv1d({ inputShape: [128, 16], filters: 32, kernelSize: 5, padding: 'same', useBias: false }),
      layers.batchNormalization(),
      layers.activation({ activation: 'relu' }),
      layers.maxPooling1d({ poolSize: 2 }),
      layers.conv1d({ filters: 32, kernelSize: 5, padding: 'same', activation: 'relu' }),
      layers.globalAveragePooling1d({}),
      layers.dense({ units: 10 }),
    ],
  });
  return trained('sequence', built, [128, 16], 10);
}
