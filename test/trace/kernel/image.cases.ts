import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { type Argument, numbers } from '../oracle.ts';
import { at, floats, type KernelCase, onTrunkline, runKernel, type Sizes } from './case.ts';

type Corners = 'neither' | 'alignCorners' | 'halfPixelCenters';
type Resize = typeof tf.image.resizeBilinear | typeof tf.image.resizeNearestNeighbor;

interface Resizing {
  readonly image: readonly [number, number, number, number];
  readonly size: [number, number];
}

const side = fc.integer({ min: 1, max: 6 });

function resizings(size: Sizes, sides: 'any' | 'repeated'): fc.Arbitrary<Resizing> {
  return fc.tuple(size, size, side, side, side, side).map(([batch, channels, height, width, high, wide]) => {
    const times: [number, number] = [height * Math.ceil(high / 2), width * Math.ceil(wide / 2)];
    return { image: [batch, height, width, channels], size: sides === 'repeated' ? times : [high, wide] };
  });
}

const flags = (corners: Corners): [boolean, boolean] => [corners === 'alignCorners', corners === 'halfPixelCenters'];

function resize(kernel: string, resizeTo: Resize, corners: Corners, sides: 'any' | 'repeated'): KernelCase {
  return {
    kernel,
    variant: `${corners}, ${sides} sides`,
    dtypes: ['int32'],
    ...(kernel === 'ResizeBilinear' ? { finite: 'neighbours without a share are multiplied by 0' } : {}),
    sample: (size) =>
      resizings(size, sides).map(({ image, size: result }) => ({
        inputs: { images: floats(image, 1) },
        run: (inputs) => resizeTo(at(inputs, 'images') as tf.Tensor4D, result, ...flags(corners)),
      })),
  };
}

/**
 * The gradient kernel beside what defines it: it is the transposed interpolation, so its product with any image is
 * that of dy with the interpolated image.
 */
function backward(kernel: string, resizeTo: Resize, corners: Corners): KernelCase {
  return {
    kernel,
    variant: corners,
    dtypes: [],
    gradient: 'none',
    spelledOut: true,
    finite: 'compared as products',
    sample: (size) =>
      resizings(size, 'any').map(({ image, size: result }) => {
        const dy = floats([image[0], ...result, image[3]], 2);
        const probe: Argument = {
          shape: image,
          values: numbers(
            image.reduce((product, length) => product * length, 1),
            5,
          ),
        };
        const [alignCorners, halfPixelCenters] = flags(corners);
        return {
          inputs: { images: floats(image, 1), dy, probe },
          run: (inputs) => {
            const attrs = { alignCorners, halfPixelCenters, size: result };
            const given = { images: at(inputs, 'images'), dy: at(inputs, 'dy') };
            return onTrunkline(
              () => tf.sum(tf.mul(runKernel(kernel, given, attrs), at(inputs, 'probe'))),
              () =>
                tf.sum(
                  tf.mul(
                    at(inputs, 'dy'),
                    resizeTo(at(inputs, 'probe') as tf.Tensor4D, result, alignCorners, halfPixelCenters),
                  ),
                ),
            );
          },
        };
      }),
  };
}

/** Boxes that lie inside, that reach out of the image, and that run backward. */
function cropping(method: 'bilinear' | 'nearest', extrapolation: number): KernelCase {
  return {
    kernel: 'CropAndResize',
    variant: method,
    gradient: 'none',
    dtypes: [],
    finite: 'the mean of an infinity and a number it has no share in is NaN here and there',
    sample: (size) =>
      fc.tuple(size, size, size, side, side, side, side).map(([batch, channels, count, height, width, high, wide]) => {
        const boxes = floats([count, 4], 3, [-0.3, 1.3]);
        const images = {
          shape: [count],
          dtype: 'int32',
          values: Array.from({ length: count }, (_, box) => box % (batch + 1)),
        } as const;
        return {
          inputs: { image: floats([batch, height, width, channels], 1), boxes, images },
          run: (inputs) =>
            tf.image.cropAndResize(
              at(inputs, 'image') as tf.Tensor4D,
              at(inputs, 'boxes') as tf.Tensor2D,
              at(inputs, 'images') as tf.Tensor1D,
              [high, wide],
              method,
              extrapolation,
            ),
        };
      }),
  };
}

function ofImages(
  kernel: string,
  variant: string,
  channels: readonly number[],
  run: (x: tf.Tensor4D) => tf.Tensor,
): KernelCase {
  return {
    kernel,
    variant,
    gradient: 'none',
    dtypes: [],
    sample: (size) =>
      fc.tuple(size, side, side, fc.constantFrom(...channels)).map(([batch, height, width, depth]) => ({
        inputs: { image: floats([batch, height, width, depth], 1) },
        run: (inputs) => run(at(inputs, 'image') as tf.Tensor4D),
      })),
  };
}

type FillMode = 'constant' | 'reflect' | 'wrap' | 'nearest';

/** Turned, moved, bent and enlarged images, one transform for each or one for all; the `cpu` backend does only one. */
function transforming(fillMode: FillMode, interpolation: 'nearest' | 'bilinear', size?: [number, number]): KernelCase {
  const apply = (image: tf.Tensor, transforms: tf.Tensor): tf.Tensor =>
    tf.image.transform(image as tf.Tensor4D, transforms as tf.Tensor2D, interpolation, fillMode, 0.25, size);
  return {
    kernel: 'Transform',
    variant: `${fillMode}, ${interpolation}`,
    gradient: 'none',
    dtypes: [],
    finite: 'numbers without a share are multiplied by 0',
    filled: 'TensorFlow.js has no transform for no image',
    sample: (lengths) =>
      fc.tuple(lengths, side, side, lengths, fc.boolean()).map(([batch, height, width, channels, shared]) => {
        const count = shared ? 1 : batch;
        const around = [1.13, 0.31, -1.37, -0.41, 0.93, 0.71, 0.053, -0.031];
        const values = Array.from(
          { length: count * 8 },
          (_, at) => (around[at % 8] as number) * (1 + Math.floor(at / 8) / 3.1),
        );
        return {
          inputs: { image: floats([batch, height, width, channels], 1), transforms: { shape: [count, 8], values } },
          run: (inputs) => {
            const [image, transforms] = [at(inputs, 'image'), at(inputs, 'transforms')];
            const one = (index: number): tf.Tensor =>
              apply(tf.slice(image, index, 1), tf.slice(transforms, shared ? 0 : index, 1));
            return onTrunkline(
              () => apply(image, transforms),
              () => tf.concat(Array.from({ length: batch }, (_, index) => one(index))),
            );
          },
        };
      }),
  };
}

const { resizeBilinear, resizeNearestNeighbor } = tf.image;

export const cases: readonly KernelCase[] = [
  ...(['neither', 'alignCorners', 'halfPixelCenters'] as const).flatMap((corners) => [
    resize('ResizeBilinear', resizeBilinear, corners, 'any'),
    resize('ResizeNearestNeighbor', resizeNearestNeighbor, corners, 'any'),
    resize('ResizeNearestNeighbor', resizeNearestNeighbor, corners, 'repeated'),
    backward('ResizeBilinearGrad', resizeBilinear, corners),
    backward('ResizeNearestNeighborGrad', resizeNearestNeighbor, corners),
  ]),
  cropping('bilinear', 0),
  cropping('nearest', -7),
  ofImages('FlipLeftRight', 'of any depth', [1, 2, 3], (x) => tf.image.flipLeftRight(x)),
  ofImages('RotateWithOffset', 'filled with a number', [1, 2, 3], (x) => tf.image.rotateWithOffset(x, 0.7, 0.3)),
  ofImages('RotateWithOffset', 'filled with a colour', [3, 4], (x) =>
    tf.image.rotateWithOffset(x, -2, [0.1, 0.2, 0.3], [0.2, 0.9]),
  ),
  transforming('constant', 'nearest'),
  transforming('constant', 'bilinear', [5, 4]),
  transforming('nearest', 'bilinear'),
  transforming('reflect', 'nearest', [9, 9]),
  transforming('reflect', 'bilinear'),
  transforming('wrap', 'nearest', [9, 9]),
  transforming('wrap', 'bilinear'),
];
