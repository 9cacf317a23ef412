import { cast, greaterEqual, lessEqual, mul, relu, square, sub, type Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { elementwise } from './elementwise.ts';
import { huberOf } from './huber.ts';

/** The error, and 0 where the output is on the side of the label on which the truth is known to be. */
function censoredError(output: Tensor, label: Tensor, bound: Tensor): Tensor {
  const [above, below] = [relu(sub(output, label)), relu(sub(label, output))];
  const whether = (condition: Tensor): Tensor => cast(condition, 'float32');
  return sub(mul(above, whether(lessEqual(bound, 0))), mul(below, whether(greaterEqual(bound, 0))));
}

/**
 * e² or huber(e), where a label "< y" (bound −1) only counts when ŷ > y, and a label "> y" (bound 1) only when ŷ < y.
 * @see The bounded loss of Chemprop (Heid et al. 2024, doi:10.1021/acs.jcim.3c01250). Unlike Tobin 1958 it needs no
 * variance.
 */
export const censored = plugin({
  type: 'censored',
  summary: "A number of which sometimes only a bound is known, as in '< 10 nM' or '> 1000 nM'.",
  fields: z
    .object({
      error: z.enum(['squared', 'huber']).default('squared').describe('How an error counts.'),
      delta: z
        .number()
        .positive()
        .optional()
        .describe("The error at which 'huber' turns into absolute; 1 when left out."),
    })
    .refine(({ error, delta }) => error === 'huber' || delta === undefined, {
      error: "'delta' together with 'error: huber'",
      params: { hint: "set error to huber, or leave 'delta' out" },
    }),
  example: { error: 'huber', delta: 2 },
  build: ({ error: form, delta = 1 }) =>
    elementwise('censored', { bound: true }, ({ output, label, bound }) => {
      const error = censoredError(output, label, bound as Tensor);
      return form === 'squared' ? square(error) : huberOf(error, delta);
    }),
});
