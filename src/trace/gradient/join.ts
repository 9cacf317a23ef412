import { concat, type GradConfig, type SplitVAttrs, stack, type Tensor, type UnpackAttrs } from '@tensorflow/tfjs-core';

/** TensorFlow.js gives the gradient of a single part by itself, and then takes it for a list. */
const listed = (dy: Tensor | Tensor[]): Tensor[] => (Array.isArray(dy) ? dy : [dy]);

export const splitGradient: GradConfig = {
  kernelName: 'SplitV',
  gradFunc: (dy, _, attrs) => ({ x: () => concat(listed(dy), (attrs as unknown as SplitVAttrs).axis) }),
};

export const unpackGradient: GradConfig = {
  kernelName: 'Unpack',
  gradFunc: (dy, _, attrs) => ({ value: () => stack(listed(dy), (attrs as unknown as UnpackAttrs).axis) }),
};
