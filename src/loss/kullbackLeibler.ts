import { greater, log, logSoftmax, onesLike, sub, where } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { overClasses } from './classes.ts';
import { distributionLabel } from './label.ts';
import { dotLast } from './row.ts';

/**
 * Σ y (log y − log softmax(output)) along the last axis, with 0 log 0 = 0.
 * @see Kullback & Leibler 1951, "On information and sufficiency", Annals of Mathematical Statistics 22.
 */
export const kullbackLeibler = plugin({
  type: 'kullbackLeibler',
  summary: 'A distribution, from logits: how far the prediction is from the label; 0 when they agree.',
  fields: z.object({}),
  example: {},
  build: () =>
    overClasses('kullbackLeibler', distributionLabel, ({ output, label }) => {
      const logLabel = log(where(greater(label, 0), label, onesLike(label)));
      return dotLast(label, sub(logLabel, logSoftmax(output)));
    }),
});
