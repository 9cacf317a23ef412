import { z } from 'zod';

/** Options that several layers have, each by one name. */

export const activations = [
  'linear',
  'relu',
  'relu6',
  'elu',
  'selu',
  'gelu',
  'swish',
  'mish',
  'tanh',
  'sigmoid',
  'hardSigmoid',
  'softplus',
  'softsign',
  'softmax',
] as const;

export const activationField = z
  .enum(activations)
  .optional()
  .describe('What is applied to the output; nothing when left out.');

export const initializer = z
  .enum([
    'glorotNormal',
    'glorotUniform',
    'heNormal',
    'heUniform',
    'leCunNormal',
    'leCunUniform',
    'orthogonal',
    'randomNormal',
    'randomUniform',
    'truncatedNormal',
    'ones',
    'zeros',
  ])
  .optional();

export const kernelInitializer = initializer.describe('First values of the weights; glorotUniform when left out.');
export const useBias = z.boolean().optional().describe('Whether a bias is added; true when left out.');
export const units = z.number().int().positive().describe('Numbers in the output.');
export const filters = z.number().int().positive().describe('Channels of the output.');
export const rate = z.number().min(0).lt(1);

const whole = z.number().int().positive();
/** A length along a sequence. */
export const length1d = whole;
/** A height and a width: one number for both, or a list of two. */
export const length2d = z.union([whole, z.tuple([whole, whole])]);

export const padding = z
  .enum(['valid', 'same'])
  .optional()
  .describe('same: as if zeros stood around the input, so that it keeps its size; valid, when left out: without.');
