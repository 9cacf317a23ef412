import { layers } from '@tensorflow/tfjs-layers';
import type { z } from 'zod';
import { layer } from './layer.ts';
import { activationField, filters, kernelInitializer, length1d, length2d, padding, useBias } from './option.ts';

const fieldsOf = <Length extends z.ZodType>(length: Length) => ({
  filters,
  kernelSize: length.describe('Places that each number of the output looks at.'),
  strides: length.optional().describe('Steps from one such place to the next; 1 when left out.'),
  padding,
  dilationRate: length.optional().describe('Distance between the places looked at; 1 when left out.'),
  activation: activationField,
  useBias,
  kernelInitializer,
});

export const conv1d = layer({
  type: 'conv1d',
  summary: 'A convolution along a sequence [length, channels].',
  fields: fieldsOf(length1d),
  example: { filters: 64, kernelSize: 3, padding: 'same', activation: 'relu' },
  build: (options) => layers.conv1d(options),
});

export const conv2d = layer({
  type: 'conv2d',
  summary: 'A convolution over an image [height, width, channels].',
  fields: fieldsOf(length2d),
  example: { filters: 32, kernelSize: 3, padding: 'same', activation: 'relu' },
  build: (options) => layers.conv2d(options),
});

export const separableConv2d = layer({
  type: 'separableConv2d',
  summary: 'A convolution of each channel on its own, then a mixture of them: fewer parameters than conv2d.',
  fields: (({ dilationRate: _, ...fields }) => fields)(fieldsOf(length2d)),
  example: { filters: 32, kernelSize: 3, padding: 'same' },
  build: (options) => layers.separableConv2d(options),
});
