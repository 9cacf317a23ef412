import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import type { HeadState, MergeStrategy } from './strategy.ts';

const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];

/** One step of Adam (Kingma & Ba 2015, Algorithm 1) on a head's logarithmic variance. */
function descended(state: HeadState, gradient: number, learningRate: number): HeadState {
  const { logVariance = 0, first = 0, second = 0, clock = 0 } = state;
  const [m, v] = [beta1 * first + (1 - beta1) * gradient, beta2 * second + (1 - beta2) * gradient * gradient];
  const next = clock + 1;
  const [unbiased, spread] = [m / (1 - beta1 ** next), v / (1 - beta2 ** next)];
  return {
    logVariance: logVariance - (learningRate * unbiased) / (Math.sqrt(spread) + epsilon),
    first: m,
    second: v,
    clock: next,
  };
}

/**
 * ½ e⁻ˢ · loss + ½ s for each head, where s is the logarithm of the variance of the head's noise and is learned beside
 * the model: noisy heads count less. The variance of a head moves only when the head is present.
 * @see Kendall, Gal & Cipolla 2018, arXiv:1705.07115, equation 7. Deviates: the same form for classification, and s has
 * an Adam of its own, whose state is the head's.
 */
export const uncertainty = plugin({
  type: 'uncertainty',
  summary: 'Weights that are learned: heads with more noise count less.',
  fields: z.object({
    learningRate: z.number().positive().default(0.01).describe('Step size of the logarithmic variances.'),
    initial: z.number().default(0).describe('Logarithmic variance that a head begins with.'),
  }),
  example: { learningRate: 0.01 },
  build: ({ learningRate, initial }): MergeStrategy => {
    const start: HeadState = { logVariance: initial };
    return {
      type: 'uncertainty',
      needsGradients: false,
      remembers: true,
      weigh: (heads, state) =>
        heads.map(({ name, weight }) => {
          const { logVariance = initial } = state[name] ?? start;
          return weight * 0.5 * Math.exp(-logVariance);
        }),
      observe: (heads, losses, state) => {
        const moved = heads.map(({ name }, at) => {
          const own = state[name] ?? start;
          const gradient = 0.5 - 0.5 * Math.exp(-(own.logVariance ?? initial)) * (losses[at] as number);
          return [name, descended(own, gradient, learningRate)] as const;
        });
        return { ...state, ...Object.fromEntries(moved) };
      },
    };
  },
});
