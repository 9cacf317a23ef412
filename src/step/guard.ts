import { any, concat, greater, reshape, scalar, type Tensor, where, zerosLike } from '@tensorflow/tfjs-core';
import { withGradient } from '../trace/with-gradient.ts';

/**
 * `x`, whose gradient is passed on when `present` and is 0 otherwise, whatever it was: 0 × NaN would be NaN.
 * @param present bool `[]`
 */
export function guardGradient(x: Tensor, present: Tensor): Tensor {
  return withGradient(
    x,
    [present],
    (value) => value.clone(),
    (dy, saved) => where(saved, dy, zerosLike(dy)),
  );
}

/**
 * The merged loss; NaN, so that the step is not taken, when one of `losses` is above its limit. Its gradient is that of the
 * loss.
 * @param losses pairs of alike tensors: losses and limits
 */
export function nanAbove(loss: Tensor, losses: readonly (readonly [Tensor, Tensor])[]): Tensor {
  const flat = (side: 0 | 1): Tensor => concat(losses.map((pair) => reshape(pair[side], [-1])));
  const above = any(greater(flat(0), flat(1)));
  return withGradient(
    loss,
    [],
    (value) => where(above, scalar(Number.NaN), value),
    (dy) => dy.clone(),
  );
}
