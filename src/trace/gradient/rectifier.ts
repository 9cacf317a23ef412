import { type GradConfig, greater, lessEqual, logicalAnd, type Tensor, where, zerosLike } from '@tensorflow/tfjs-core';

/** TensorFlow.js multiplies by its step, which keeps NaN: a selection is cheaper, and 0 is 0 whatever was not selected. */
function rectifierGradient(kernelName: string, passes: (x: Tensor) => Tensor): GradConfig {
  return {
    kernelName,
    inputsToSave: ['x'],
    gradFunc: (dy, [x]) => ({ x: () => where(passes(x as Tensor), dy as Tensor, zerosLike(dy as Tensor)) }),
  };
}

export const reluGradient = rectifierGradient('Relu', (x) => greater(x, 0));
export const relu6Gradient = rectifierGradient('Relu6', (x) => logicalAnd(greater(x, 0), lessEqual(x, 6)));
