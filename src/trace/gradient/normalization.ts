import {
  add,
  type FusedBatchNormAttrs,
  type GradConfig,
  mul,
  onesLike,
  reshape,
  rsqrt,
  scalar,
  sub,
  sum,
  type Tensor,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { engineInternals } from '../internals.ts';

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
    const [dy, [x, mean, variance, scale]] = [given as Tensor, saved as [Tensor, Tensor, Tensor, Tensor]];
    const lead = x.rank - mean.rank;
    const axes = [...x.shape.keys()].filter((axis) => axis < lead || mean.shape[axis - lead] !== x.shape[axis]);
    const summed = (value: Tensor): Tensor => reshape(axes.length > 0 ? sum(value, axes) : value, mean.shape);
    const inverse = (): Tensor => rsqrt(add(variance, varianceEpsilon));
    const factor = (): Tensor => mul(inverse(), scale);
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

/**
 * TensorFlow.js stumbles, while it differentiates, over a batch normalisation without scale or offset: from now on
 * these are ones and zeros, which compiling removes. Called once.
 */
export function installBatchNormalization(): void {
  const internals = engineInternals();
  const { runKernel } = internals;
  internals.runKernel = (kernelName, inputs, attrs) => {
    if (kernelName !== 'FusedBatchNorm') return runKernel.call(internals, kernelName, inputs, attrs);
    const { scale, offset, ...rest } = inputs as { mean: Tensor; scale?: Tensor; offset?: Tensor };
    const whole = { ...rest, scale: scale ?? onesLike(rest.mean), offset: offset ?? zerosLike(rest.mean) };
    return runKernel.call(internals, kernelName, whole, attrs);
  };
}
