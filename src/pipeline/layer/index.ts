import { family } from '../../core/plugin.ts';
import { conv1d, conv2d, separableConv2d } from './convolution.ts';
import { activation, dense, embedding, leakyReLU, prelu } from './dense.ts';
import { batchNormalization, layerNormalization } from './normalization.ts';
import {
  averagePooling1d,
  averagePooling2d,
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalMaxPooling1d,
  globalMaxPooling2d,
  maxPooling1d,
  maxPooling2d,
} from './pooling.ts';
import { bidirectional, gru, lstm, simpleRNN } from './recurrent.ts';
import { alphaDropout, dropout, gaussianDropout, gaussianNoise, spatialDropout1d } from './regularization.ts';
import { flatten, permute, repeatVector, reshape } from './shape.ts';

/**
 * Every layer that a pipeline file can name. They only map options to tf.layers, so those that are alike share a file.
 * Layers of one's own are for pipelines in TypeScript.
 */
export const pipelineLayers = family('layer', [
  dense,
  embedding,
  activation,
  leakyReLU,
  prelu,
  dropout,
  spatialDropout1d,
  gaussianNoise,
  gaussianDropout,
  alphaDropout,
  batchNormalization,
  layerNormalization,
  conv1d,
  conv2d,
  separableConv2d,
  maxPooling1d,
  maxPooling2d,
  averagePooling1d,
  averagePooling2d,
  globalMaxPooling1d,
  globalMaxPooling2d,
  globalAveragePooling1d,
  globalAveragePooling2d,
  lstm,
  gru,
  simpleRNN,
  bidirectional,
  flatten,
  reshape,
  permute,
  repeatVector,
]);
