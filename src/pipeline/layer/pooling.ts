import { layers } from '@tensorflow/tfjs-layers';
import type { z } from 'zod';
import { layer } from './layer.ts';
import { length1d, length2d, padding } from './option.ts';

const fieldsOf = <Length extends z.ZodType>(length: Length) => ({
  poolSize: length.optional().describe('Places that become one; 2 when left out.'),
  strides: length.optional().describe('Steps from one window to the next; the size of the window when left out.'),
  padding,
});

export const maxPooling1d = layer({
  type: 'maxPooling1d',
  summary: 'The largest number of each window along a sequence.',
  main: 'poolSize',
  fields: fieldsOf(length1d),
  example: { poolSize: 2 },
  build: (options) => layers.maxPooling1d(options),
});

export const maxPooling2d = layer({
  type: 'maxPooling2d',
  summary: 'The largest number of each window of an image.',
  main: 'poolSize',
  fields: fieldsOf(length2d),
  example: { poolSize: 2 },
  build: (options) => layers.maxPooling2d(options),
});

export const averagePooling1d = layer({
  type: 'averagePooling1d',
  summary: 'The mean of each window along a sequence.',
  main: 'poolSize',
  fields: fieldsOf(length1d),
  example: { poolSize: 2 },
  build: (options) => layers.averagePooling1d(options),
});

export const averagePooling2d = layer({
  type: 'averagePooling2d',
  summary: 'The mean of each window of an image.',
  main: 'poolSize',
  fields: fieldsOf(length2d),
  example: { poolSize: 2 },
  build: (options) => layers.averagePooling2d(options),
});

export const globalMaxPooling1d = layer({
  type: 'globalMaxPooling1d',
  summary: 'The largest number of each channel along a sequence.',
  fields: {},
  example: {},
  build: (options) => layers.globalMaxPooling1d(options),
});

export const globalMaxPooling2d = layer({
  type: 'globalMaxPooling2d',
  summary: 'The largest number of each channel of an image.',
  fields: {},
  example: {},
  build: (options) => layers.globalMaxPooling2d(options),
});

export const globalAveragePooling1d = layer({
  type: 'globalAveragePooling1d',
  summary: 'The mean of each channel along a sequence.',
  fields: {},
  example: {},
  build: (options) => layers.globalAveragePooling1d(options),
});

export const globalAveragePooling2d = layer({
  type: 'globalAveragePooling2d',
  summary: 'The mean of each channel of an image.',
  fields: {},
  example: {},
  build: (options) => layers.globalAveragePooling2d(options),
});
