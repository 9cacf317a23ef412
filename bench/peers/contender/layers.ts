import type * as tf from '@tensorflow/tfjs-core';
import type { layers as Layers } from '@tensorflow/tfjs-layers';
import type { StoredTensor } from '../../../src/train/safetensors.ts';
import type { Layer } from '../work.ts';

/** What a layer is made with: `@tensorflow/tfjs-layers`, of whichever installation. */
export type LayerMakers = typeof import('@tensorflow/tfjs-layers')['layers'];

/** The layer of tf.layers for a layer of a work. */
export function layerOf(make: LayerMakers, layer: Layer): Layers.Layer {
  switch (layer.type) {
    case 'dense':
      return make.dense({ units: layer.units });
    case 'conv2d':
      return make.conv2d({ filters: layer.filters, kernelSize: layer.size, padding: 'same', useBias: false });
    case 'conv1d':
      return make.conv1d({ filters: layer.filters, kernelSize: layer.size, padding: 'same' });
    case 'embedding':
      return make.embedding({ inputDim: layer.words, outputDim: layer.units });
    case 'relu':
      return make.reLU();
    case 'layerNorm':
      return make.layerNormalization({ epsilon: 1e-3 });
    case 'batchNorm':
      return make.batchNormalization();
    case 'dropout':
      return make.dropout({ rate: layer.rate });
    case 'maxPool2d':
      return make.maxPooling2d({ poolSize: 2 });
    case 'globalAverage2d':
      return make.globalAveragePooling2d({});
    case 'globalMax1d':
      return make.globalMaxPooling1d();
  }
}

/** Gives a layer that was applied the weights it begins with; what else it has (moving statistics) stays. */
export function setWeights(layer: Layers.Layer, given: readonly StoredTensor[], tensor: typeof tf.tensor): void {
  if (given.length === 0) return;
  const values = given.map(({ values: numbers, shape }) => tensor(numbers as Float32Array, [...shape], 'float32'));
  layer.setWeights([...values, ...layer.getWeights().slice(values.length)]);
}
