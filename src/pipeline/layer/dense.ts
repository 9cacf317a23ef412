import { layers } from '@tensorflow/tfjs-layers';
import { z } from 'zod';
import { layer } from './layer.ts';
import { activationField, activations, initializer, kernelInitializer, units, useBias } from './option.ts';

export const dense = layer({
  type: 'dense',
  summary: 'Every number of the output depends on every number of the input.',
  main: 'units',
  fields: { units, activation: activationField, useBias, kernelInitializer },
  example: { units: 2048, activation: 'relu' },
  build: (options) => layers.dense(options),
});

export const embedding = layer({
  type: 'embedding',
  summary: 'A vector for each id: turns int32 ids into rows of a table that is learned.',
  fields: {
    inputDim: z.number().int().positive().describe('How many ids there are: they are below it.'),
    outputDim: z.number().int().positive().describe('Length of a vector.'),
    embeddingsInitializer: initializer.describe('First values of the table; randomUniform when left out.'),
  },
  example: { inputDim: 1000, outputDim: 32 },
  build: (options) => layers.embedding(options),
});

export const activation = layer({
  type: 'activation',
  summary: 'Applies a function to each number.',
  main: 'activation',
  fields: { activation: z.enum(activations).describe('The function.') },
  example: { activation: 'relu' },
  build: (options) => layers.activation(options),
});

export const leakyReLU = layer({
  type: 'leakyReLU',
  summary: 'A relu that lets a share of what is below 0 through.',
  main: 'alpha',
  fields: { alpha: z.number().min(0).optional().describe('The share; 0.3 when left out.') },
  example: { alpha: 0.1 },
  build: (options) => layers.leakyReLU(options),
});

export const prelu = layer({
  type: 'prelu',
  summary: 'A relu that lets a share of what is below 0 through, and learns which.',
  fields: {},
  example: {},
  build: (options) => layers.prelu(options),
});
