import {
  broadcast_util,
  cast,
  type GradConfig,
  greater,
  greaterEqual,
  less,
  lessEqual,
  mul,
  neg,
  reshape,
  sub,
  sum,
  type Tensor,
} from '@tensorflow/tfjs-core';

/** The gradient in an operand that was repeated to fit the other: the sum over its repetitions. */
function gathered(gradient: Tensor, operand: Tensor): Tensor {
  const axes = broadcast_util.getReductionAxes(operand.shape, gradient.shape);
  return reshape(axes.length > 0 ? sum(gradient, axes) : gradient, operand.shape);
}

/** How much the result grows with one of the operands, times `dy`. */
type Slope = (a: Tensor, b: Tensor, dy: Tensor) => Tensor;

/** TensorFlow.js's gradients of these throw when an operand is repeated. */
function broadcasting(kernelName: string, inA: Slope, inB: Slope): GradConfig {
  return {
    kernelName,
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, saved) => {
      const [a, b] = saved as [Tensor, Tensor];
      return {
        a: () => gathered(inA(a, b, dy as Tensor), a),
        b: () => gathered(inB(a, b, dy as Tensor), b),
      };
    },
  };
}

const masked = (condition: Tensor, dy: Tensor): Tensor => mul(dy, cast(condition, 'float32'));
const slope = (a: Tensor, b: Tensor, dy: Tensor): Tensor => mul(dy, mul(sub(a, b), 2));

/** Of equal operands the first has the gradient. */
export const maximumGradient = broadcasting(
  'Maximum',
  (a, b, dy) => masked(greaterEqual(a, b), dy),
  (a, b, dy) => masked(less(a, b), dy),
);

/** Of equal operands the first has the gradient. */
export const minimumGradient = broadcasting(
  'Minimum',
  (a, b, dy) => masked(lessEqual(a, b), dy),
  (a, b, dy) => masked(greater(a, b), dy),
);

export const squaredDifferenceGradient = broadcasting('SquaredDifference', slope, (a, b, dy) => neg(slope(a, b, dy)));
