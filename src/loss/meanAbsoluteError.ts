import { sub } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { elementwise } from './elementwise.ts';
import { magnitude } from './row.ts';

/** |ŷ − y|, whose gradient is 0 where the prediction is exact. */
export const meanAbsoluteError = plugin({
  type: 'meanAbsoluteError',
  summary: 'Absolute error of a number; the best guess is the median.',
  fields: z.object({}),
  example: {},
  build: () => elementwise('meanAbsoluteError', {}, ({ output, label }) => magnitude(sub(output, label))),
});
