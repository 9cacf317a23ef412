import { add, customGrad, mean, mul, rsqrt, square, sub, sum, type Tensor } from '@tensorflow/tfjs-core';

/**
 * x minus its mean over the axes, divided by the deviation from it, x̂ = (x − μ) / √(σ² + ε), and multiplied by `scale`.
 * Its gradient in x takes those through mean and variance along in one go: s (dy − mean(dy) − x̂ mean(dy x̂)), where s is
 * what the difference from the mean is multiplied by.
 * @param scale of the shape of x, or broadcast to it, with size 1 along the axes
 * @see Ioffe and Szegedy 2015, "Batch Normalization", section 3, arXiv:1502.03167; Ba et al. 2016, "Layer
 * Normalization", arXiv:1607.06450
 */
export function standardized(x: Tensor, axes: readonly number[], epsilon: number, scale?: Tensor): Tensor {
  const over = [...axes];
  const compute = (...given: unknown[]) => {
    const save = given.at(-1) as (kept: Tensor[]) => void;
    const [value, factor] = given.slice(0, -1) as [Tensor, Tensor?];
    const difference = sub(value, mean(value, over, true));
    const inverse = rsqrt(add(mean(square(difference), over, true), epsilon));
    const slope = factor ? mul(inverse, factor) : inverse;
    save([difference, inverse, slope]);
    return {
      value: mul(difference, slope),
      gradFunc: (dy: Tensor, [centred, deviation, steepness]: Tensor[]) => {
        const [d, i, s] = [centred, deviation, steepness] as [Tensor, Tensor, Tensor];
        const covariance = mul(dy, d);
        const along = mul(d, mul(square(i), mean(covariance, over, true)));
        const ofValue = mul(sub(sub(dy, mean(dy, over, true)), along), s);
        return factor ? [ofValue, mul(sum(covariance, over, true), i)] : ofValue;
      },
    };
  };
  // TensorFlow.js's type knows tensors only, not the function that it gives as the last argument.
  return customGrad(compute as unknown as Parameters<typeof customGrad>[0])(...(scale ? [x, scale] : [x]));
}
