import { add, exp, minimum, mul, relu, sub, type Tensor } from '@tensorflow/tfjs-core';

/**
 * eˣ, and beyond `limit` its tangent there: positive, convex, with a continuous slope, and finite wherever x is.
 * Unlike softplus it is precise for very negative x, too, where float32 rounds 1 + eˣ to 1.
 */
export function expUpTo(limit: number, x: Tensor): Tensor {
  return mul(exp(minimum(x, limit)), add(relu(sub(x, limit)), 1));
}
