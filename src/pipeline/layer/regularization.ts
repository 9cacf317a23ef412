import { layers } from '@tensorflow/tfjs-layers';
import { z } from 'zod';
import { layer } from './layer.ts';
import { rate } from './option.ts';

/** Layers that do something while training only. */

export const dropout = layer({
  type: 'dropout',
  summary: 'Sets a random share of the numbers to 0 while training, and scales the others up.',
  main: 'rate',
  fields: { rate: rate.describe('The share.') },
  example: { rate: 0.2 },
  build: (options) => layers.dropout(options),
});

export const spatialDropout1d = layer({
  type: 'spatialDropout1d',
  summary: 'Dropout of whole channels of a sequence.',
  main: 'rate',
  fields: { rate: rate.describe('The share of channels.') },
  example: { rate: 0.2 },
  build: (options) => layers.spatialDropout1d(options),
});

export const gaussianNoise = layer({
  type: 'gaussianNoise',
  summary: 'Adds normally distributed noise while training.',
  main: 'stddev',
  fields: { stddev: z.number().min(0).describe('Standard deviation of the noise.') },
  example: { stddev: 0.1 },
  build: (options) => layers.gaussianNoise(options),
});

export const gaussianDropout = layer({
  type: 'gaussianDropout',
  summary: 'Multiplies by normally distributed noise around 1 while training.',
  main: 'rate',
  fields: { rate: rate.describe('The dropout it stands for: the noise has a variance of rate / (1 − rate).') },
  example: { rate: 0.2 },
  build: (options) => layers.gaussianDropout(options),
});

export const alphaDropout = layer({
  type: 'alphaDropout',
  summary: 'Dropout that keeps mean and variance, for layers with selu.',
  main: 'rate',
  fields: { rate: rate.describe('The share.') },
  example: { rate: 0.1 },
  build: (options) => layers.alphaDropout(options),
});
