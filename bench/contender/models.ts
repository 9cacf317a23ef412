import * as tf from '@tensorflow/tfjs-core';
import { layers, type Sequential, sequential } from '@tensorflow/tfjs-layers';
import type { InputSpecs, Step } from '../../src/trace/record.ts';

/** A model to be measured: the step, and the shapes it takes for a number of rows. */
export interface Work {
  readonly name: string;
  readonly model: Sequential;
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

const input = (inputs: Record<string, tf.Tensor>, name: string): tf.Tensor => inputs[name] as tf.Tensor;

function trained(name: string, model: Sequential, inputShape: readonly number[], heads: number): Work {
  return {
    name,
    model,
    step: (inputs) => {
      const logits = model.apply(input(inputs, 'x'), { training: true }) as tf.Tensor;
      return { loss: maskedCrossEntropy(logits, input(inputs, 'y'), input(inputs, 'm')) };
    },
    specs: (rows) => ({
      x: { shape: [rows, ...inputShape] },
      y: { shape: [rows, heads] },
      m: { shape: [rows, heads] },
    }),
  };
}

/** 1024-512-256-12, twelve binary heads: the dense multi-task model of DESIGN. */
export function denseWork(): Work {
  const model = sequential({
    layers: [
      layers.dense({ inputShape: [1024], units: 512, activation: 'relu' }),
      layers.dense({ units: 256, activation: 'relu' }),
      layers.dense({ units: 12 }),
    ],
  });
  return trained('dense', model, [1024], 12);
}

/** A small image model: 3 × 32 × 32, convolutions 16 and 32 with pooling, ten outputs. */
export function convolutionWork(): Work {
  const model = sequential({
    layers: [
      layers.conv2d({ inputShape: [32, 32, 3], filters: 16, kernelSize: 3, padding: 'same', activation: 'relu' }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.conv2d({ filters: 32, kernelSize: 3, padding: 'same', activation: 'relu' }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 10 }),
    ],
  });
  return trained('cnn', model, [32, 32, 3], 10);
}
