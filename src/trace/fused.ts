import {
  add,
  conv2d,
  depthwiseConv2d,
  elu,
  type fused,
  leakyRelu,
  prelu,
  relu,
  relu6,
  reshape,
  sigmoid,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { replaceableFused } from './operations.ts';

type Settings = Parameters<typeof fused.conv2d>[0];

const activations: Readonly<Record<string, (y: Tensor, settings: Settings) => Tensor>> = {
  linear: (y) => y,
  relu: (y) => relu(y),
  relu6: (y) => relu6(y),
  elu: (y) => elu(y),
  sigmoid: (y) => sigmoid(y),
  leakyrelu: (y, { leakyreluAlpha }) => leakyRelu(y, leakyreluAlpha),
  prelu: (y, settings) => prelu(y, perChannel(settings.preluActivationWeights as Tensor, settings)),
};

function isDifferentiable({ dilations = 1, dimRoundingMode }: Settings): boolean {
  return [dilations].flat().every((dilation) => dilation === 1) && dimRoundingMode === undefined;
}

/** A bias or slope for each channel, in the place of the channels. */
function perChannel(value: Tensor, { dataFormat }: Settings): Tensor {
  return dataFormat === 'NCHW' && value.rank === 1 ? reshape(value, [value.size, 1, 1]) : value;
}

/** A fused convolution as its parts. */
function inParts(convolve: typeof conv2d | typeof depthwiseConv2d, settings: Settings): Tensor {
  const { x, filter, strides, pad, dataFormat, dilations, dimRoundingMode, bias, activation = 'linear' } = settings;
  const y: Tensor = convolve(x, filter, strides, pad, dataFormat, dilations, dimRoundingMode);
  const activate = activations[activation as string] as (y: Tensor, settings: Settings) => Tensor;
  return activate(bias ? add(y, perChannel(bias as Tensor, settings)) : y, settings);
}

/**
 * TensorFlow.js refuses to differentiate its fused convolutions, which its layers use, when they are dilated, and
 * forgets their `dimRoundingMode`. From now on, such ones are computed in parts, which can be differentiated. Called
 * once.
 */
export function installFusedConvolutions(): void {
  const operations = replaceableFused as Record<string, (settings: Settings) => Tensor>;
  for (const [name, convolve] of Object.entries({ conv2d, depthwiseConv2d })) {
    const original = operations[name] as (settings: Settings) => Tensor;
    operations[name] = (settings) => (isDifferentiable(settings) ? original(settings) : inParts(convolve, settings));
  }
}
