import { type GradConfig, mul, step, type Tensor } from '@tensorflow/tfjs-core';

/**
 * TensorFlow.js's, from the result instead of what was rectified, so that a product need not be kept before it is
 * rectified. On the tape that is still found (`rectified.ts`).
 */
export const reluGradient: GradConfig = {
  kernelName: 'Relu',
  inputsToSave: ['x'],
  outputsToSave: [true],
  gradFunc: (dy, [, y]) => ({ x: () => mul(dy as Tensor, step(y as Tensor)) }),
};
