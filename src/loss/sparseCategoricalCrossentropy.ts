import { add, logSoftmax, mean, mul, neg, oneHot } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { overClasses, smoothingField } from './classes.ts';
import { classLabel } from './label.ts';
import { dotLast } from './row.ts';

/** categoricalCrossentropy with the number of the class as label: −log softmax(output) of that class. */
export const sparseCategoricalCrossentropy = plugin({
  type: 'sparseCategoricalCrossentropy',
  summary: 'One class out of several, from logits; the label is the number of the class, from 0.',
  fields: z.object({ labelSmoothing: smoothingField }),
  example: { labelSmoothing: 0.1 },
  build: ({ labelSmoothing }) =>
    overClasses('sparseCategoricalCrossentropy', classLabel, ({ output, label }) => {
      const logarithms = logSoftmax(output);
      const chosen = oneHot(label, output.shape.at(-1) as number, 1, 0, 'float32');
      const ofLabel = neg(dotLast(chosen, logarithms));
      if (labelSmoothing === 0) return ofLabel;
      return add(mul(ofLabel, 1 - labelSmoothing), mul(mean(logarithms, -1), -labelSmoothing));
    }),
});
