import { mean, mul, reshape, sign, sum, type Tensor } from '@tensorflow/tfjs-core';
import { sizeOf } from '../core/shape.ts';

/** Mean of each row's elements. `[rows, …]` → `[rows]` */
export function meanPerRow(x: Tensor): Tensor {
  const [rows = 0, ...perRow] = x.shape;
  const size = sizeOf(perRow);
  return size === 1 ? reshape(x, [rows]) : mean(reshape(x, [rows, size]), 1);
}

/** Σ `a` `b` along the last axis. */
export function dotLast(a: Tensor, b: Tensor): Tensor {
  return sum(mul(a, b), -1);
}

/** |x|, whose gradient at 0 is 0: with TensorFlow.js's own it is −1 there, and a perfect prediction would be moved. */
export function magnitude(x: Tensor): Tensor {
  return mul(x, sign(x));
}
