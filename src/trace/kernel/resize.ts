import type { ResizeBilinearAttrs } from '@tensorflow/tfjs-core';
import { type Shape, sameShape, sizeOf } from '../../core/shape.ts';
import { constant, type Value } from '../../ir/graph.ts';
import { asCalled, channelsFirst } from './frame.ts';
import { cast, filled, float, int32, type LoweringTable, type SingleApply } from './lowering.ts';

type ResizeAttrs = Pick<ResizeBilinearAttrs, 'alignCorners' | 'halfPixelCenters'>;

/** Where along an axis of the image each element of the result lies, in elements of the image. */
function coordinates(from: number, to: number, { alignCorners, halfPixelCenters }: ResizeAttrs): readonly number[] {
  const ratio = alignCorners && to > 1 ? (from - 1) / (to - 1) : from / to;
  return Array.from({ length: to }, (_, at) => (halfPixelCenters ? ratio * (at + 0.5) - 0.5 : ratio * at));
}

/** The element of the image that each element of the result repeats. */
function nearest(from: number, to: number, attrs: ResizeAttrs): readonly number[] {
  const half = attrs.halfPixelCenters ? 0.5 : 0;
  const round = attrs.alignCorners ? Math.round : Math.floor;
  return coordinates(from, to, attrs).map((place) => Math.min(from - 1, Math.max(0, round(place + half))));
}

/** Shares of the elements of the image in each element of the result: `[to, from]`. */
type Shares = (from: number, to: number, attrs: ResizeAttrs) => Value;

function sharesOf(from: number, to: number, add: (share: (row: number, column: number, share: number) => void) => void): Value {
  const data = new Float32Array(from * to);
  add((row, column, share) => {
    data[row * from + column] = (data[row * from + column] as number) + share;
  });
  return constant(data, 'float32', [to, from]);
}

const bilinearShares: Shares = (from, to, attrs) =>
  sharesOf(from, to, (share) => {
    for (const [row, place] of coordinates(from, to, attrs).entries()) {
      const inside = Math.min(from - 1, Math.max(0, place));
      const below = Math.floor(inside);
      share(row, below, 1 - (inside - below));
      share(row, Math.min(from - 1, below + 1), inside - below);
    }
  });

const nearestShares: Shares = (from, to, attrs) =>
  sharesOf(from, to, (share) => {
    for (const [row, column] of nearest(from, to, attrs).entries()) share(row, column, 1);
  });

/** The transposed interpolation along both axes, as matrix products: `[…, height, width]` to the size of the image. */
function backward(op: SingleApply, dy: Value, image: Shape, attrs: ResizeAttrs, shares: Shares): Value {
  const [batch, channels, height, width] = dy.shape as [number, number, number, number];
  const [inputHeight, inputWidth] = image as [number, number];
  const rows = op('Reshape', [dy], { shape: [batch * channels * height, width] });
  const narrow = op('Gemm', [rows, shares(inputWidth, width, attrs)], { transA: 0, transB: 0 });
  const planes = op('Reshape', [narrow], { shape: [batch * channels, height, inputWidth] });
  const result = op('FusedMatMul', [shares(inputHeight, height, attrs), planes], { transA: 1, transB: 0 });
  return op('Reshape', [result], { shape: [batch, channels, inputHeight, inputWidth] });
}
