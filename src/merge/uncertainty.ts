import { z } from 'zod';
import { ConfigError } from '../core/error.ts';
import { plugin } from '../core/plugin.ts';
import type { HeadState, MergeStrategy } from './strategy.ts';

const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];

/** One step of Adam (Kingma & Ba 2015, Algorithm 1) on a head's logarithmic variance, which stays within the bound. */
function descended(state: HeadState, logVariance: number, loss: number, { learningRate, bound }: Options): HeadState {
  const { first = 0, second = 0, clock = 0 } = state;
  const gradient = 0.5 - 0.5 * Math.exp(-logVariance) * loss;
  const [m, v] = [beta1 * first + (1 - beta1) * gradient, beta2 * second + (1 - beta2) * gradient * gradient];
  const next = clock + 1;
  const [unbiased, spread] = [m / (1 - beta1 ** next), v / (1 - beta2 ** next)];
  const moved = logVariance - (learningRate * unbiased) / (Math.sqrt(spread) + epsilon);
  return { logVariance: bounded(moved, bound), first: m, second: v, clock: next };
}

const bounded = (value: number, bound: number): number => Math.max(-bound, Math.min(bound, value));

interface Options {
  readonly learningRate: number;
  readonly initial: number;
  readonly bound: number;
}

/**
 * ½ e⁻ˢ · loss + ½ s for each head, where s is the logarithm of the variance of the head's noise and is learned beside
 * the model: noisy heads count less. The variance of a head moves only when the head is present.
 * @throws ConfigError when a head would begin beyond the bound
 * @see Kendall, Gal & Cipolla 2018, arXiv:1705.07115, equation 7. Deviates: the same form for classification; s has
 * an Adam of its own, whose state is the head's; and s stays in [−bound, bound], because for a loss of 0 or less, as
 * likelihoods have it, no s is best and the weight would grow without end. Weights are from ½ e⁻ᵇᵒᵘⁿᵈ to ½ eᵇᵒᵘⁿᵈ.
 */
export const uncertainty = plugin({
  type: 'uncertainty',
  summary: 'Weights that are learned: heads with more noise count less.',
  fields: z.object({
    learningRate: z.number().positive().default(0.01).describe('Step size of the logarithmic variances.'),
    initial: z.number().default(0).describe('Logarithmic variance that a head begins with.'),
    bound: z
      .number()
      .positive()
      .max(80)
      .default(10)
      .describe('How far from 0 a logarithmic variance may go: where losses of 0 or less end.'),
  }),
  example: { learningRate: 0.01 },
  build: (options): MergeStrategy => {
    const { initial, bound } = options;
    if (Math.abs(initial) > bound)
      throw new ConfigError({
        where: 'merge strategy uncertainty, initial',
        expected: `a number from ${-bound} to ${bound}, as its bound says`,
        found: `${initial}`,
      });
    const logVarianceOf = (own: HeadState | undefined): number => bounded(own?.logVariance ?? initial, bound);
    return {
      type: 'uncertainty',
      needsGradients: false,
      remembers: true,
      weigh: (heads, state) => heads.map(({ name, weight }) => weight * 0.5 * Math.exp(-logVarianceOf(state[name]))),
      observe: (heads, losses, state) => {
        const moved = heads.map(({ name }, at) => {
          const own = state[name];
          return [name, descended(own ?? {}, logVarianceOf(own), losses[at] as number, options)] as const;
        });
        return { ...state, ...Object.fromEntries(moved) };
      },
    };
  },
});
