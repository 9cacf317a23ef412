import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { type MergeStrategy, remembersNothing } from './strategy.ts';

/**
 * Fixed factors beside the heads' own. With `normalize` the factors of the present heads are scaled to sum to how many
 * they are, so that the step does not shrink when the heavy heads are absent.
 */
const staticWeights = plugin({
  type: 'static',
  summary: 'The sum of the losses with fixed factors by head.',
  fields: z.object({
    weights: z
      .record(z.string(), z.number().min(0))
      .describe('Factor of each head’s loss, beside the head’s own weight; 1 for heads that are not named.'),
    normalize: z
      .boolean()
      .default(false)
      .describe('Scales the factors of the present heads so that they average 1 in each step.'),
  }),
  example: { weights: { digit: 1, parity: 0.3 }, normalize: true },
  build: ({ weights, normalize }): MergeStrategy => ({
    type: 'static',
    names: Object.keys(weights),
    needsGradients: false,
    weigh: (heads) => {
      const factors = heads.map(({ name }) => weights[name] ?? 1);
      const total = factors.reduce((sum, factor) => sum + factor, 0);
      const scale = normalize && total > 0 ? heads.length / total : 1;
      return heads.map(({ weight }, at) => weight * (factors[at] as number) * scale);
    },
    ...remembersNothing,
  }),
});

export { staticWeights as static };
