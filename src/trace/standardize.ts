import { add, mean, mul, rsqrt, square, sub, type Tensor } from '@tensorflow/tfjs-core';
import { withGradient } from './with-gradient.ts';

/**
 * x̂ = (x − μ) / √(σ² + ε), the mean μ and the variance σ² being those along the axes. Its gradient takes those of mean and
 * variance along in one go: (dy − mean(dy) − x̂ mean(dy x̂)) / √(σ² + ε). It can be differentiated again.
 * @param axes of x, counted from 0
 * @param epsilon what keeps the quotient finite where all numbers are the same
 * @returns of the shape of x
 * @see Ioffe and Szegedy 2015, "Batch Normalization", section 3, arXiv:1502.03167; Ba et al. 2016, "Layer
 * Normalization", arXiv:1607.06450
 */
export function standardized(x: Tensor, axes: readonly number[], epsilon: number): Tensor {
  const along = (value: Tensor): Tensor => mean(value, [...axes], true);
  const partsOf = (value: Tensor) => {
    const difference = sub(value, along(value));
    const inverse = rsqrt(add(along(square(difference)), epsilon));
    return { y: mul(difference, inverse), inverse };
  };
  return withGradient(
    x,
    [x],
    (value) => partsOf(value).y,
    // Once it is compiled, what was computed before is computed once.
    (dy, value) => {
      const { y, inverse } = partsOf(value);
      return mul(sub(sub(dy, along(dy)), mul(y, along(mul(dy, y)))), inverse);
    },
  );
}
