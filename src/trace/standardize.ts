import { add, customGrad, type GradSaveFunc, mean, mul, rsqrt, square, sub, type Tensor } from '@tensorflow/tfjs-core';

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
  const compute = (value: Tensor, save: GradSaveFunc) => {
    save([value]);
    return {
      value: partsOf(value).y,
      // Once it is compiled, what was computed before is computed once.
      gradFunc: (dy: Tensor, [kept]: Tensor[]) => {
        const { y, inverse } = partsOf(kept as Tensor);
        return mul(sub(sub(dy, along(dy)), mul(y, along(mul(dy, y)))), inverse);
      },
    };
  };
  // TensorFlow.js's type knows tensors only, not the function that it gives as the last argument.
  return customGrad(compute as unknown as Parameters<typeof customGrad>[0])(x);
}
