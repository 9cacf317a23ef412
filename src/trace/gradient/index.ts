import { type GradConfig, registerGradient, unregisterGradient } from '@tensorflow/tfjs-core';
import { depthToSpaceGradient, mirrorPadGradient, stridedSliceGradient, tileGradient } from './arrange.ts';
import { maximumGradient, minimumGradient, squaredDifferenceGradient } from './broadcast.ts';
import { conv2dGradients, conv3dGradients, depthwiseGradients } from './convolution.ts';
import { einsumGradient } from './einsum.ts';
import { gatherGradient, gatherNdGradient } from './gather.ts';
import { splitGradient, unpackGradient } from './join.ts';
import { batchNormalizationGradient } from './normalization.ts';
import { averagePool2dGradient, averagePool3dGradient, maxPoolGradient } from './pooling.ts';
import { reluGradient } from './rectifier.ts';
import { resizeBilinearGradient, resizeNearestNeighborGradient } from './resize.ts';
import { cumprodGradient, cumsumGradient } from './scan.ts';
import { scatterNdGradient, segmentSumGradient, tensorScatterUpdateGradient } from './scatter.ts';
import { topKGradient } from './top-k.ts';

/** Gradients that TensorFlow.js has, and that are wrong, or too slow once they are compiled: each says why. */
const better = [
  tileGradient,
  gatherGradient,
  segmentSumGradient,
  mirrorPadGradient,
  cumsumGradient,
  splitGradient,
  unpackGradient,
  maximumGradient,
  minimumGradient,
  reluGradient,
  squaredDifferenceGradient,
  conv2dGradients.convolution,
  conv2dGradients.inInput,
  conv3dGradients.convolution,
  depthwiseGradients.convolution,
  maxPoolGradient,
  averagePool2dGradient,
  averagePool3dGradient,
  batchNormalizationGradient,
  resizeBilinearGradient,
  resizeNearestNeighborGradient,
];

/** Gradients that TensorFlow.js lacks. */
const missing = [
  einsumGradient,
  topKGradient,
  cumprodGradient,
  stridedSliceGradient,
  depthToSpaceGradient,
  gatherNdGradient,
  scatterNdGradient,
  tensorScatterUpdateGradient,
  conv2dGradients.inFilter,
  conv3dGradients.inInput,
  conv3dGradients.inFilter,
  depthwiseGradients.inInput,
  depthwiseGradients.inFilter,
];

export const gradients: readonly GradConfig[] = [...better, ...missing];

/** Registers them with TensorFlow.js, for every backend. May be called again. */
export function installGradients(): void {
  for (const { kernelName } of better) unregisterGradient(kernelName);
  for (const gradient of gradients) registerGradient(gradient);
}
