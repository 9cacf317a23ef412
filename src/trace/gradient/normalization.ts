import {
  add,
  backend_util,
  type FusedBatchNormAttrs,
  type GradConfig,
  mul,
  reshape,
  rsqrt,
  scalar,
  sub,
  sum,
  type Tensor,
} from '@tensorflow/tfjs-core';

/**
 * TensorFlow.js's, with everything that can be summed first summed first: two sums over the batch, of dy and of dy
 * times the centred x, from which the four gradients of mean, variance, scale and offset follow for each channel.
 * @see Ioffe and Szegedy 2015, "Batch Normalization", section 3, arXiv:1502.03167
 */
export const batchNormalizationGradient: GradConfig = {
  kernelName: 'FusedBatchNorm',
  inputsToSave: ['x', 'mean', 'variance', 'scale'],
  gradFunc: (given, saved, attrs) => {
    const { varianceEpsilon } = attrs as unknown as FusedBatchNormAttrs;
    const [dy, [x, mean, variance, scale]] = [given as Tensor, saved as [Tensor, Tensor, Tensor, Tensor | undefined]];
    const axes = backend_util.getReductionAxes(mean.shape, x.shape);
    const summed = (value: Tensor): Tensor => reshape(axes.length > 0 ? sum(value, axes) : value, mean.shape);
    const inverse = (): Tensor => rsqrt(add(variance, varianceEpsilon));
    const factor = (): Tensor => (scale ? mul(inverse(), scale) : inverse());
    const covariance = (): Tensor => summed(mul(dy, sub(x, mean)));
    const ofVariance = (): Tensor => {
      const square = mul(inverse(), inverse());
      return mul(mul(covariance(), mul(square, factor())), scalar(-0.5));
    };
    return {
      x: () => mul(dy, factor()),
      mean: () => mul(mul(summed(dy), factor()), scalar(-1)),
      variance: ofVariance,
      scale: () => mul(covariance(), inverse()),
      offset: () => summed(dy),
    };
  },
};
