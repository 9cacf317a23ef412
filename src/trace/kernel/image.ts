import { backend_util, type RotateWithOffsetAttrs } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../core/shape.ts';
import { constant, type Value } from '../../ir/graph.ts';
import { reversed } from './arrange.ts';
import { float, int32, type KernelCall, type LoweringTable } from './lowering.ts';

/** TensorFlow.js's value for an alpha channel that rotation leaves empty. */
const opaque = 255;

/** Each element of the rotated image is one of the image, or the fill: which, is known beforehand. */
function rotate({ input, attrs, op }: KernelCall): Value {
  const { radians, fillValue, center } = attrs as RotateWithOffsetAttrs;
  const image = input('image');
  const [batch, height, width, channels] = image.shape as [number, number, number, number];
  const [centerX, centerY] = backend_util.getImageCenter(center, height, width) as [number, number];
  const [sine, cosine] = [Math.sin(radians), Math.cos(radians)];
  const sources = Array.from({ length: height * width }, (_, at) => {
    const [x, y] = [(at % width) - centerX, Math.floor(at / width) - centerY];
    const column = Math.round(x * cosine - y * sine + centerX);
    const row = Math.round(x * sine + y * cosine + centerY);
    return column >= 0 && column < width && row >= 0 && row < height ? row * width + column : -1;
  });
  const pixels = op('Reshape', [image], { shape: [batch, height * width, channels] });
  const found = op('Gather', [pixels, int32(sources.map((source) => Math.max(0, source)))], { axis: 1 });
  const inside = Uint8Array.from(sources, (source) => (source < 0 ? 0 : 1));
  const colour = typeof fillValue === 'number' ? undefined : [...fillValue, opaque].slice(0, channels);
  const fill = colour ? constant(Float32Array.from(colour), 'float32', [channels]) : float(fillValue as number);
  const rotated = op('Where', [constant(inside, 'bool', [1, height * width, 1]), found, fill]);
  return op('Reshape', [rotated], { shape: image.shape });
}

export const image: LoweringTable = {
  FlipLeftRight: ({ input, op }) => reversed(op, input('image'), [2]),
  RotateWithOffset: (call) => (sizeOf(call.input('image').shape) === 0 ? call.input('image') : rotate(call)),
};
