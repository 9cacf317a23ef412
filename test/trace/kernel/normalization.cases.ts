import * as tf from '@tensorflow/tfjs-core';
import type fc from 'fast-check';
import { at, floats, type KernelCase, onTrunkline, runKernel, type Sizes, shapes } from './case.ts';
import { geometries, imageOf, pair } from './window.ts';

const images = (size: Sizes): fc.Arbitrary<number[]> => shapes(size, 4, 4);

/** Mean, variance, scale and offset of the shape `of` the images. */
function batchNormalization(variant: string, of: (shape: number[]) => number[], scaled: boolean): KernelCase {
  return {
    kernel: 'FusedBatchNorm',
    variant,
    dtypes: [],
    sample: (size) =>
      images(size).map((shape) => {
        const parameters = of(shape);
        const scale = scaled ? { scale: floats(parameters, 3), offset: floats(parameters, 2) } : {};
        return {
          inputs: {
            x: floats(shape, 1),
            mean: floats(parameters, 4),
            variance: floats(parameters, 5, [0.2, 2]),
            ...scale,
          },
          run: ({ x, mean, variance, offset, scale: factor }) =>
            tf.batchNorm(
              x as tf.Tensor4D,
              mean as tf.Tensor1D,
              variance as tf.Tensor1D,
              offset as tf.Tensor1D,
              factor as tf.Tensor1D,
              0.01,
            ),
        };
      }),
  };
}

/** The `cpu` kernel goes through the parameters as if they were of the last axis, whatever their shape. */
const ofAnotherAxis: KernelCase = {
  kernel: 'FusedBatchNorm',
  variant: 'for each place along another axis',
  dtypes: [],
  spelledOut: true,
  filled: 'TensorFlow.js does not repeat along axes of size 0',
  finite: 'spelled out, products with infinities are formed in another order',
  sample: (size) =>
    images(size).map((shape) => {
      const parameters = [1, shape[1] as number, 1, 1];
      return {
        inputs: { x: floats(shape, 1), mean: floats(parameters, 4), variance: floats(parameters, 5, [0.2, 2]) },
        run: (inputs) => {
          const [x, mean, variance] = [at(inputs, 'x') as tf.Tensor4D, at(inputs, 'mean'), at(inputs, 'variance')];
          return onTrunkline(
            () => tf.batchNorm(x, mean as tf.Tensor4D, variance as tf.Tensor4D, undefined, undefined, 0.01),
            () => tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 0.01))),
          );
        },
      };
    }),
};

function response(variant: string, radius: number, bias: number, alpha: number, beta: number): KernelCase {
  return {
    kernel: 'LRN',
    variant,
    dtypes: [],
    sample: (size) =>
      images(size).map((shape) => ({
        inputs: { x: floats(shape, 1) },
        run: (inputs) => tf.localResponseNormalization(at(inputs, 'x') as tf.Tensor4D, radius, bias, alpha, beta),
      })),
  };
}

type Dilation = (
  inputs: Record<string, tf.Tensor>,
  strides: [number, number],
  dilations: [number, number],
  pad: 'same' | 'valid',
) => tf.Tensor;

/** Each kernel is called for the sums of what the window sees and a filter. */
function dilation(
  kernel: string,
  variant: string,
  pad: 'same' | 'valid',
  dilated: boolean,
  run: Dilation,
  gradient: KernelCase['gradient'],
): KernelCase {
  return {
    kernel,
    variant,
    dtypes: [],
    gradient: gradient ?? 'checked',
    finite: 'TensorFlow.js counts from the smallest integer, and takes −∞ for it',
    ...(kernel === 'Dilation2D' ? {} : { filled: 'TensorFlow.js has no gradient there' }),
    sample: (size) =>
      geometries(size, { pad, dilated, strides: [1, 2] }).map((geometry) => {
        const { lengths, channels, strides, dilations } = geometry;
        const [image, filter] = [imageOf(geometry), [...lengths, channels]];
        const forward: Dilation = ({ x, filter: given }) =>
          tf.dilation2d(x as tf.Tensor4D, given as tf.Tensor3D, pair(strides), pad, pair(dilations));
        const { shape } = tf.tidy(() => forward({ x: tf.zeros(image), filter: tf.zeros(filter) }, [1, 1], [1, 1], pad));
        const dy = kernel === 'Dilation2D' ? {} : { dy: floats(shape, 3) };
        return {
          inputs: { x: floats(image, 1), filter: floats(filter, 2), ...dy },
          run: (inputs) => (kernel === 'Dilation2D' ? forward : run)(inputs, pair(strides), pair(dilations), pad),
        };
      }),
  };
}

const directly =
  (kernel: string): Dilation =>
  (inputs, strides, dilations, pad) =>
    runKernel(kernel, inputs, { strides, dilations, pad });

export const cases: readonly KernelCase[] = [
  batchNormalization('for each channel', ([, , , channels]) => [channels as number], true),
  batchNormalization('for each channel, unscaled', ([, , , channels]) => [channels as number], false),
  batchNormalization('for each channel, of rank 4', ([, , , channels]) => [1, 1, 1, channels as number], true),
  batchNormalization('for each element', (shape) => shape, true),
  ofAnotherAxis,
  response('of its neighbours', 1, 1, 0.5, 0.75),
  response('of all channels', 5, 2, 1, 0.5),
  response('of itself', 0, 1, 1, 1),
  {
    kernel: 'LRNGrad',
    dtypes: [],
    finite: 'products with infinities are formed in another order',
    gradient: 'none',
    sample: (size) =>
      images(size).map((shape) => ({
        inputs: { x: floats(shape, 1), dy: floats(shape, 2) },
        run: (inputs) => {
          const [x, settings] = [at(inputs, 'x') as tf.Tensor4D, { depthRadius: 1, bias: 1, alpha: 0.5, beta: 0.75 }];
          const y = tf.localResponseNormalization(x, 1, 1, 0.5, 0.75);
          return runKernel('LRNGrad', { x, y, dy: inputs.dy }, settings);
        },
      })),
  },
  dilation('Dilation2D', 'same', 'same', false, directly('Dilation2D'), 'checked'),
  dilation('Dilation2D', 'valid', 'valid', false, directly('Dilation2D'), 'checked'),
  dilation('Dilation2D', 'spread', 'same', true, directly('Dilation2D'), 'checked'),
  ...['Dilation2DBackpropInput', 'Dilation2DBackpropFilter'].map((kernel) =>
    dilation(kernel, 'same', 'same', false, directly(kernel), 'none'),
  ),
];
