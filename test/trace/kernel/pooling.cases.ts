import * as tf from '@tensorflow/tfjs-core';
import { at, floats, integers, type KernelCase, runKernel } from './case.ts';
import { type Geometry, type GeometryOptions, geometries, imageOf, pair, triple } from './window.ts';

type Pool = (x: tf.Tensor, geometry: Geometry) => tf.Tensor;
type Options = GeometryOptions & Partial<KernelCase>;

const keepsNaN = { finite: 'whether NaN is passed over depends on its place in the window' } as const;

function row(kernel: string, variant: string, pool: Pool, options: Options): KernelCase {
  return {
    ...options,
    kernel,
    variant,
    sample: (size) =>
      geometries(size, options).map((geometry) => ({
        inputs: { x: floats(imageOf(geometry), 1) },
        run: (inputs) => pool(at(inputs, 'x'), geometry),
      })),
  };
}

type Rounding = 'ceil' | 'round' | 'floor';

const max2d =
  (rounding?: Rounding): Pool =>
  (x, { lengths, strides, pad }) =>
    tf.maxPool(x as tf.Tensor4D, pair(lengths), pair(strides), pad, rounding);
const mean2d =
  (rounding?: Rounding): Pool =>
  (x, { lengths, strides, pad }) =>
    tf.avgPool(x as tf.Tensor4D, pair(lengths), pair(strides), pad, rounding);
const ofInfinities: Pool = (x, geometry) => max2d()(tf.mul(x, Number.POSITIVE_INFINITY), geometry);
const max3d: Pool = (x, { lengths, strides, pad }) =>
  tf.maxPool3d(x as tf.Tensor5D, triple(lengths), triple(strides), pad as 'same');
const mean3d: Pool = (x, { lengths, strides, pad }) =>
  tf.avgPool3d(x as tf.Tensor5D, triple(lengths), triple(strides), pad as 'same');

/** The gradient kernel by itself, of an input in which many elements are equal. */
function backward(kernel: string, variant: string, pool: Pool, options: Options): KernelCase {
  return {
    ...options,
    kernel,
    variant,
    dtypes: [],
    gradient: 'none',
    sample: (size) =>
      geometries(size, options).map((geometry) => {
        const image = imageOf(geometry);
        const { shape } = tf.tidy(() => pool(tf.zeros(image), geometry));
        const { lengths, strides, pad } = geometry;
        return {
          inputs: { x: integers(image, 3), dy: floats(shape, 2) },
          run: (inputs) => {
            const input = tf.cast(at(inputs, 'x'), 'float32');
            const given = { dy: at(inputs, 'dy'), input, output: pool(input, geometry) };
            return runKernel(kernel, given, { filterSize: lengths, strides, pad, dataFormat: 'NDHWC' });
          },
        };
      }),
  };
}

/** TensorFlow.js mixes up height and width of the window when it looks for the largest element of a volume. */
const cube = { lengths: [2, 2], rank: 3 } as const;

const argmax = (includeBatchInIndex: boolean): KernelCase => ({
  kernel: 'MaxPoolWithArgmax',
  variant: includeBatchInIndex ? 'in the batch' : 'in the image',
  gradient: 'none',
  dtypes: [],
  ...keepsNaN,
  sample: (size) =>
    geometries(size, { pad: 'same', lengths: [2, 3] }).map((geometry) => ({
      inputs: { x: floats(imageOf(geometry), 1) },
      run: (inputs) => {
        const { lengths, strides, pad } = geometry;
        const x = at(inputs, 'x') as tf.Tensor4D;
        const { result, indexes } = tf.maxPoolWithArgmax(
          x,
          pair(lengths),
          pair(strides),
          pad as 'same',
          includeBatchInIndex,
        );
        return [result as tf.Tensor, indexes as tf.Tensor];
      },
    })),
});

const whole = { dtypes: ['int32'] } as const;
const real = { dtypes: [] } as const;
const wide = { lengths: [6, 7], strides: [3, 5] } as const;
const rounded = { lengths: [2, 3], strides: [1, 2] } as const;

export const cases: readonly KernelCase[] = [
  row('MaxPool', 'tiles', max2d(), { pad: 'valid', strides: 'length', ...keepsNaN, ...whole }),
  row('MaxPool', 'valid', max2d(), { pad: 'valid', ...keepsNaN, ...whole }),
  row('MaxPool', 'same', max2d(), { pad: 'same', lengths: [2, 3], ...keepsNaN, ...whole }),
  row('MaxPool', 'padded by a number', max2d(), { pad: 'number', lengths: [3, 3], ...keepsNaN, ...whole }),
  row('MaxPool', 'padded at each side', max2d(), { pad: 'explicit', lengths: [3, 4], ...keepsNaN, ...whole }),
  row('MaxPool', 'places rounded up', max2d('ceil'), {
    pad: 'explicit',
    padding: 0,
    ...rounded,
    ...keepsNaN,
    ...whole,
  }),
  row('MaxPool', 'large windows', max2d(), { pad: 'same', ...wide, ...keepsNaN, ...whole }),
  row('MaxPool', 'padding as long as the window', max2d(), {
    pad: 'explicit',
    lengths: [2, 2],
    gradient: 'compared',
    ...keepsNaN,
    ...real,
  }),
  row('MaxPool', 'infinities', ofInfinities, { pad: 'same', lengths: [2, 3], gradient: 'none', ...keepsNaN, ...real }),
  backward('MaxPoolGrad', 'tiles', max2d(), { pad: 'valid', strides: 'length' }),
  backward('MaxPoolGrad', 'overlapping', max2d(), { pad: 'same', lengths: [2, 3], strides: [1, 2] }),
  backward('MaxPoolGrad', 'large windows', max2d(), { pad: 'same', ...wide }),
  backward('MaxPoolGrad', 'large tiles', max2d(), { pad: 'valid', lengths: [6, 7], strides: 'length' }),
  argmax(false),
  argmax(true),
  row('AvgPool', 'tiles', mean2d(), { pad: 'valid', strides: 'length', ...real }),
  row('AvgPool', 'valid', mean2d(), { pad: 'valid', ...real }),
  row('AvgPool', 'same', mean2d(), { pad: 'same', lengths: [2, 3], ...real }),
  row('AvgPool', 'padded by a number', mean2d(), { pad: 'number', lengths: [3, 3], ...real }),
  row('AvgPool', 'padded at each side', mean2d(), { pad: 'explicit', lengths: [3, 4], ...real }),
  row('AvgPool', 'places rounded up', mean2d('ceil'), { pad: 'explicit', padding: 0, ...rounded, ...real }),
  row('AvgPool', 'padding as long as the window', mean2d(), {
    pad: 'explicit',
    lengths: [2, 2],
    gradient: 'none',
    ...real,
  }),
  backward('AvgPoolGrad', 'tiles', mean2d(), { pad: 'valid', strides: 'length' }),
  backward('AvgPoolGrad', 'same', mean2d(), { pad: 'same', lengths: [2, 3] }),
  row('MaxPool3D', 'tiles', max3d, { pad: 'valid', strides: 'length', ...cube, ...keepsNaN, ...real }),
  row('MaxPool3D', 'same', max3d, { pad: 'same', ...cube, ...keepsNaN, ...real }),
  backward('MaxPool3DGrad', 'same', max3d, { pad: 'same', ...cube }),
  row('AvgPool3D', 'tiles', mean3d, { pad: 'valid', strides: 'length', ...cube, ...real }),
  row('AvgPool3D', 'same', mean3d, { pad: 'same', lengths: [2, 3], rank: 3, ...real }),
  row('AvgPool3D', 'padded by a number', mean3d, { pad: 'number', lengths: [2, 2], rank: 3, ...real }),
  backward('AvgPool3DGrad', 'same', mean3d, { pad: 'same', rank: 3 }),
];
