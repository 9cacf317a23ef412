import { layers } from '@tensorflow/tfjs-layers';
import { z } from 'zod';
import { layer } from './layer.ts';

/** Layers that only arrange numbers. */

export const flatten = layer({
  type: 'flatten',
  summary: 'All numbers of a sample in one row.',
  fields: {},
  example: {},
  build: (options) => layers.flatten(options),
});

export const reshape = layer({
  type: 'reshape',
  summary: 'The same numbers in another shape.',
  main: 'targetShape',
  fields: {
    targetShape: z
      .array(z.number().int().min(-1))
      .min(1)
      .describe('Shape of one sample; −1 for one size that follows from the others.'),
  },
  example: { targetShape: [32, 64] },
  build: (options) => layers.reshape(options),
});

export const permute = layer({
  type: 'permute',
  summary: 'The same numbers with their axes in another order.',
  main: 'dims',
  fields: { dims: z.array(z.number().int().positive()).min(2).describe('Which axis comes where: [2, 1] swaps two.') },
  example: { dims: [2, 1] },
  build: (options) => layers.permute(options),
});

export const repeatVector = layer({
  type: 'repeatVector',
  summary: 'A vector repeated along a new first axis, as a sequence.',
  main: 'n',
  fields: { n: z.number().int().positive().describe('How often.') },
  example: { n: 10 },
  build: (options) => layers.repeatVector(options),
});
