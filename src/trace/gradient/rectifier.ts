import { type GradConfig, mul, step, type Tensor } from '@tensorflow/tfjs-core';

/**
 * TensorFlow.js's, from the result instead of what was rectified, so that a product need not be kept before it is
 * rectified. x is saved because `rectified.ts` looks for it on the tape, as the first of what is saved.
 */
export const reluGradient: GradConfig = {
  kernelName: 'Relu',
  inputsToSave: ['x'],
  outputsToSave: [true],
  gradFunc: (dy, [, y]) => ({ x: () => mul(dy as Tensor, step(y as Tensor)) }),
};
