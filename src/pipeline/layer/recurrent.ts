import { layers } from '@tensorflow/tfjs-layers';
import { z } from 'zod';
import { family } from '../../core/plugin.ts';
import { shortFormSchema } from '../../core/short-form.ts';
import { layer } from './layer.ts';
import { activationField, kernelInitializer, rate, units, useBias } from './option.ts';

const fields = {
  units,
  returnSequences: z
    .boolean()
    .optional()
    .describe('Whether the output is a sequence too, and not only what comes after its end; false when left out.'),
  goBackwards: z.boolean().optional().describe('Whether the sequence is read from its end; false when left out.'),
  activation: activationField.describe('What is applied to the output; tanh when left out.'),
  useBias,
  kernelInitializer,
  dropout: rate.optional().describe('Share of the inputs that is dropped while training; 0 when left out.'),
};

export const lstm = layer({
  type: 'lstm',
  summary: 'A long short-term memory along a sequence [length, channels]. Long sequences make large programs.',
  main: 'units',
  fields,
  example: { units: 64 },
  build: (options) => layers.lstm(options),
});

export const gru = layer({
  type: 'gru',
  summary: 'A gated recurrent unit along a sequence [length, channels]. Long sequences make large programs.',
  main: 'units',
  fields,
  example: { units: 64 },
  build: (options) => layers.gru(options),
});

export const simpleRNN = layer({
  type: 'simpleRNN',
  summary: 'A plain recurrent layer along a sequence [length, channels].',
  main: 'units',
  fields,
  example: { units: 64 },
  build: (options) => layers.simpleRNN(options),
});

const recurrent = family('recurrent layer', [lstm, gru, simpleRNN]);

export const bidirectional = layer({
  type: 'bidirectional',
  summary: 'A recurrent layer that reads the sequence from both ends.',
  main: 'layer',
  fields: {
    layer: shortFormSchema(recurrent).describe('The recurrent layer: lstm, gru or simpleRNN.'),
    mergeMode: z
      .enum(['concat', 'sum', 'ave', 'mul'])
      .default('concat')
      .describe('How the two outputs become one: next to each other, added, averaged or multiplied.'),
  },
  example: { layer: { lstm: { units: 32 } } },
  build: ({ layer: inner, mergeMode, ...rest }) =>
    layers.bidirectional({ ...rest, mergeMode, layer: recurrent.create(inner, undefined) as InstanceType<typeof Rnn> }),
});

// tf.layers says that it takes an RNN, whose class it does not export.
declare const Rnn: new () => Parameters<typeof layers.bidirectional>[0]['layer'];
