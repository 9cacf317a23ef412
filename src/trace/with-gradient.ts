import { customGrad, type GradSaveFunc, type Tensor } from '@tensorflow/tfjs-core';

/**
 * `forward(x)`, whose gradient in `x` is `backward(dy, ...kept)` instead of TensorFlow.js's own.
 * @param kept tensors that `backward` needs: they are kept alive for it
 */
export function withGradient<const Kept extends readonly Tensor[]>(
  x: Tensor,
  kept: Kept,
  forward: (x: Tensor) => Tensor,
  backward: (dy: Tensor, ...kept: Kept) => Tensor,
): Tensor {
  const compute = (value: Tensor, save: GradSaveFunc) => {
    save([...kept]);
    return {
      value: forward(value),
      gradFunc: (dy: Tensor, saved: Tensor[]) => backward(dy, ...(saved as unknown as Kept)),
    };
  };
  // TensorFlow.js's type knows tensors only, not the function that it gives as the last argument.
  return customGrad(compute as unknown as Parameters<typeof customGrad>[0])(x);
}
