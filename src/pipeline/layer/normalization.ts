import { layers } from '@tensorflow/tfjs-layers';
import { z } from 'zod';
import { layer } from './layer.ts';

const common = {
  epsilon: z.number().positive().optional().describe('Keeps the divisor above 0; 0.001 when left out.'),
  center: z.boolean().optional().describe('Whether a learned number is added; true when left out.'),
  scale: z.boolean().optional().describe('Whether the result is multiplied by a learned number; true when left out.'),
};

export const batchNormalization = layer({
  type: 'batchNormalization',
  summary:
    'Scales each channel to mean 0 and variance 1 over the batch; by moving statistics when predicting or frozen.',
  fields: {
    momentum: z
      .number()
      .gt(0)
      .lt(1)
      .optional()
      .describe('Share of the moving statistics that is kept; 0.99 when left out.'),
    ...common,
  },
  example: { momentum: 0.9 },
  build: (options) => layers.batchNormalization(options),
});

export const layerNormalization = layer({
  type: 'layerNormalization',
  summary: 'Scales each sample to mean 0 and variance 1 along its last axis.',
  fields: common,
  example: {},
  build: (options) => layers.layerNormalization(options),
});
