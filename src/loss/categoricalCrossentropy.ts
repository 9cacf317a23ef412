import { add, logSoftmax, mul, neg } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { overClasses, smoothingField } from './classes.ts';
import { distributionLabel } from './label.ts';
import { dotLast } from './row.ts';

/**
 * −Σ y log softmax(output) along the last axis.
 * @see labelSmoothing: Szegedy et al. 2016, "Rethinking the Inception architecture", arXiv:1512.00567, section 7,
 * y ← y (1 − ε) + ε / classes.
 */
export const categoricalCrossentropy = plugin({
  type: 'categoricalCrossentropy',
  summary: 'One class out of several, from logits; labels are one-hot, or a probability for each class.',
  fields: z.object({ labelSmoothing: smoothingField }),
  example: { labelSmoothing: 0.1 },
  build: ({ labelSmoothing }) =>
    overClasses('categoricalCrossentropy', distributionLabel, ({ output, label }) => {
      const uniform = labelSmoothing / (output.shape.at(-1) as number);
      const y = labelSmoothing === 0 ? label : add(mul(label, 1 - labelSmoothing), uniform);
      return neg(dotLast(y, logSoftmax(output)));
    }),
});
