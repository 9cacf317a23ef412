import { squaredDifference } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { elementwise } from './elementwise.ts';

/** (ŷ − y)². */
export const meanSquaredError = plugin({
  type: 'meanSquaredError',
  summary: 'Squared error of a number.',
  fields: z.object({}),
  example: {},
  build: () => elementwise('meanSquaredError', {}, ({ output, label }) => squaredDifference(output, label)),
});
