import * as tf from '@tensorflow/tfjs-core';
import { at, floats, type KernelCase, runKernel } from './case.ts';
import { type Geometry, type GeometryOptions, geometries, imageOf, pair, triple } from './window.ts';

/** TensorFlow.js leaves padding out of its sums. */
const common = { dtypes: [], finite: 'padding is multiplied as zeros, and 0 · ∞ is NaN' } as const;
const unpadded = ({ pad }: GeometryOptions): object => (pad === 'valid' ? { finite: undefined } : {});

type Inputs = Record<string, tf.Tensor>;
type Convolve = (inputs: Inputs, geometry: Geometry) => tf.Tensor;
type Options = GeometryOptions & Partial<KernelCase> & { readonly filter?: (geometry: Geometry) => number[] };

const dense = ({ lengths, channels, outputs }: Geometry): number[] => [...lengths, channels, outputs];

function row(kernel: string, variant: string, run: Convolve, { filter = dense, ...options }: Options): KernelCase {
  return {
    ...common,
    ...unpadded(options),
    ...options,
    kernel,
    variant,
    sample: (size) =>
      geometries(size, options).map((geometry) => ({
        inputs: { x: floats(imageOf(geometry), 1), filter: floats(filter(geometry), 2) },
        run: (inputs) => run(inputs, geometry),
      })),
  };
}

const conv2d: Convolve = ({ x, filter }, { strides, pad, dilations }) =>
  tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, pair(strides), pad, 'NHWC', pair(dilations));

const rounding =
  (dimRoundingMode: 'ceil' | 'round' | 'floor'): Convolve =>
  ({ x, filter }, { strides, pad }) =>
    tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, pair(strides), pad, 'NHWC', 1, dimRoundingMode);

const channelsFirst: Convolve = ({ x, filter }, { strides, pad }) => {
  const images = tf.transpose(x as tf.Tensor4D, [0, 3, 1, 2]);
  const before = pad as [number, number][];
  const turned = typeof pad === 'object' ? [before[0], before[3], before[1], before[2]] : pad;
  return tf.conv2d(images, filter as tf.Tensor4D, pair(strides), turned as typeof pad, 'NCHW');
};

/** Along one axis, as an image of one row. */
const conv1d: KernelCase = {
  ...common,
  kernel: 'Conv2D',
  variant: 'one axis',
  sample: (size) =>
    geometries(size, { pad: 'same' }).map(({ batch, input, channels, outputs, lengths, strides }) => ({
      inputs: {
        x: floats([batch, input[0] as number, channels], 1),
        filter: floats([lengths[0] as number, channels, outputs], 2),
      },
      run: ({ x, filter }) => tf.conv1d(x as tf.Tensor3D, filter as tf.Tensor3D, strides[0] as number, 'same'),
    })),
};

const depthwise: Convolve = ({ x, filter }, { strides, pad, dilations }) =>
  tf.depthwiseConv2d(x as tf.Tensor4D, filter as tf.Tensor4D, pair(strides), pad, 'NHWC', pair(dilations));

const conv3d: Convolve = ({ x, filter }, { strides, pad, dilations }) =>
  tf.conv3d(x as tf.Tensor5D, filter as tf.Tensor5D, triple(strides), pad as 'same', 'NDHWC', triple(dilations));

/** A layer before and a layer after in which channels come first, and a pointwise convolution between them. */
const between: Convolve = ({ x, filter }, geometry) => {
  const around = tf.ones([1, 2, geometry.channels, geometry.channels]) as tf.Tensor4D;
  const before = tf.tanh(tf.conv2d(x as tf.Tensor4D, around, 1, 'same'));
  return conv2d({ x: before, filter: filter as tf.Tensor }, geometry);
};

interface Backward {
  readonly forward: Convolve;
  readonly inInput: string;
  readonly inFilter: string;
}

const attrsOf = ({ strides, pad, dilations }: Geometry): object => ({ strides, pad, dilations, dataFormat: 'NHWC' });

/** The gradient kernels by themselves, and their own gradients. */
function backward(variant: string, { forward, inInput, inFilter }: Backward, options: Options): readonly KernelCase[] {
  const { filter = dense } = options;
  const sample: (given: 'x' | 'filter', run: Convolve) => KernelCase['sample'] = (given, run) => (size) =>
    geometries(size, options).map((geometry) => {
      const [image, taps] = [imageOf(geometry), filter(geometry)];
      const { shape } = tf.tidy(() => forward({ x: tf.zeros(image), filter: tf.zeros(taps) }, geometry));
      const other = given === 'x' ? { x: floats(image, 1) } : { filter: floats(taps, 2) };
      return { inputs: { dy: floats(shape, 3), ...other }, run: (inputs) => run(inputs, geometry) };
    });
  const spread: Convolve = (inputs, geometry) =>
    runKernel(
      inInput,
      { dy: inputs.dy, filter: inputs.filter },
      { ...attrsOf(geometry), inputShape: imageOf(geometry) },
    );
  const correlate: Convolve = (inputs, geometry) =>
    runKernel(inFilter, { x: inputs.x, dy: inputs.dy }, { ...attrsOf(geometry), filterShape: filter(geometry) });
  return [
    { ...common, kernel: inInput, variant, sample: sample('filter', spread) },
    { ...common, kernel: inFilter, variant, sample: sample('x', correlate) },
  ];
}

const of2d = { forward: conv2d, inInput: 'Conv2DBackpropInput', inFilter: 'Conv2DBackpropFilter' };
const of3d = { forward: conv3d, inInput: 'Conv3DBackpropInputV2', inFilter: 'Conv3DBackpropFilterV2' };
const ofDepthwise = {
  forward: depthwise,
  inInput: 'DepthwiseConv2dNativeBackpropInput',
  inFilter: 'DepthwiseConv2dNativeBackpropFilter',
};

type FusedConv = Parameters<typeof tf.fused.conv2d>[0];

/** A fused kernel: directly for activations, because TensorFlow.js fuses only linear ones in a gradient. */
function fused(
  kernel: 'FusedConv2D' | 'FusedDepthwiseConv2D',
  attrs: Partial<FusedConv>,
  rest: Partial<Options> = {},
): KernelCase {
  const { activation = 'linear', dataFormat = 'NHWC' } = attrs;
  return {
    ...common,
    kernel,
    variant: `${activation} ${dataFormat}`,
    gradient: 'none',
    sample: (size) =>
      geometries(size, { pad: 'same' }).map((geometry) => {
        const { batch, input, channels, outputs, strides, pad, dilations } = geometry;
        const image = dataFormat === 'NCHW' ? [batch, channels, ...input] : imageOf(geometry);
        const count = kernel === 'FusedConv2D' ? outputs : channels * outputs;
        const slopes = activation === 'prelu' ? { preluActivationWeights: floats([count], 4) } : {};
        return {
          inputs: { x: floats(image, 1), filter: floats(dense(geometry), 2), bias: floats([count], 3), ...slopes },
          run: (inputs) => runKernel(kernel, inputs, { strides, pad, dilations, dataFormat, ...attrs, activation }),
        };
      }),
    ...rest,
  };
}

function fusedLinear(
  variant: string,
  fuse: typeof tf.fused.conv2d | typeof tf.fused.depthwiseConv2d,
  kernel: string,
  dilated: boolean,
): KernelCase {
  return {
    ...common,
    kernel,
    variant,
    spelledOut: dilated,
    sample: (size) =>
      geometries(size, { pad: 'same', dilated }).map((geometry) => {
        const { channels, outputs, strides, pad, dilations } = geometry;
        const count = kernel === 'FusedConv2D' ? outputs : channels * outputs;
        return {
          inputs: { x: floats(imageOf(geometry), 1), filter: floats(dense(geometry), 2), bias: floats([count], 3) },
          run: (inputs) =>
            fuse({
              x: at(inputs, 'x') as tf.Tensor4D,
              filter: at(inputs, 'filter') as tf.Tensor4D,
              bias: at(inputs, 'bias'),
              strides: pair(strides),
              pad: pad as 'same',
              dilations: pair(dilations),
            }),
        };
      }),
  };
}

/** Looked up when called: dilated ones are replaced when the backend is registered. */
const dilatedConv2d: typeof tf.fused.conv2d = (settings) => tf.fused.conv2d(settings);
const dilatedDepthwise: typeof tf.fused.depthwiseConv2d = (settings) => tf.fused.depthwiseConv2d(settings);

const square = { lengths: [2, 3], strides: [2, 3] } as const;
const single = { lengths: [1, 1], strides: [1, 1], pad: 'valid' } as const;

export const cases: readonly KernelCase[] = [
  row('Conv2D', 'same', conv2d, { pad: 'same' }),
  row('Conv2D', 'valid', conv2d, { pad: 'valid' }),
  row('Conv2D', 'padded by a number', conv2d, { pad: 'number' }),
  row('Conv2D', 'padded at each side', conv2d, { pad: 'explicit' }),
  row('Conv2D', 'dilated, same', conv2d, { pad: 'same', dilated: true }),
  row('Conv2D', 'dilated, valid', conv2d, { pad: 'valid', dilated: true }),
  row('Conv2D', 'dilated, padded at each side', conv2d, { pad: 'explicit', dilated: true }),
  row('Conv2D', 'more places, rounded up', rounding('ceil'), { pad: 'explicit', ...square }),
  row('Conv2D', 'places rounded', rounding('round'), { pad: 'number', ...square }),
  row('Conv2D', 'pointwise', conv2d, single),
  row('Conv2D', 'pointwise, with a stride', conv2d, { ...single, strides: [2, 3] }),
  row('Conv2D', 'pointwise, channels first before it', between, single),
  row('Conv2D', 'channels first', channelsFirst, { pad: 'explicit' }),
  conv1d,
  ...backward('same', of2d, { pad: 'same' }),
  ...backward('valid', of2d, { pad: 'valid' }),
  ...backward('padded at each side', of2d, { pad: 'explicit' }),
  ...backward('pointwise', of2d, single),
  fusedLinear('linear', tf.fused.conv2d, 'FusedConv2D', false),
  fusedLinear('dilated', dilatedConv2d, 'FusedConv2D', true),
  ...(['relu', 'relu6', 'elu', 'sigmoid', 'prelu'] as const).map((activation) => fused('FusedConv2D', { activation })),
  fused('FusedConv2D', { activation: 'leakyrelu', leakyreluAlpha: 0.3 }),
  fused('FusedConv2D', { activation: 'relu', dataFormat: 'NCHW' }),
  fused('FusedConv2D', { activation: 'prelu', dataFormat: 'NCHW' }),
  row('DepthwiseConv2dNative', 'same', depthwise, { pad: 'same' }),
  row('DepthwiseConv2dNative', 'valid', depthwise, { pad: 'valid' }),
  row('DepthwiseConv2dNative', 'padded at each side', depthwise, { pad: 'explicit' }),
  row('DepthwiseConv2dNative', 'dilated', depthwise, { pad: 'explicit', dilated: true }),
  ...backward('same', ofDepthwise, { pad: 'same' }),
  ...backward('padded at each side, stride 1', ofDepthwise, { pad: 'explicit', strides: [1, 1] }),
  fusedLinear('linear', tf.fused.depthwiseConv2d, 'FusedDepthwiseConv2D', false),
  fusedLinear('dilated', dilatedDepthwise, 'FusedDepthwiseConv2D', true),
  fused('FusedDepthwiseConv2D', { activation: 'relu6' }),
  row('Conv3D', 'same', conv3d, { pad: 'same', rank: 3 }),
  row('Conv3D', 'valid', conv3d, { pad: 'valid', rank: 3, lengths: [1, 2], dtypes: ['int32'] }),
  row('Conv3D', 'dilated', conv3d, { pad: 'same', rank: 3, lengths: [1, 2], dilated: true }),
  ...backward('same', of3d, { pad: 'same', rank: 3, lengths: [1, 2] }),
  ...backward('valid', of3d, { pad: 'valid', rank: 3, lengths: [1, 2] }),
];
