import { type Tensor, where, zerosLike } from '@tensorflow/tfjs-core';
import { withGradient } from '../loss/gradient.ts';

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
