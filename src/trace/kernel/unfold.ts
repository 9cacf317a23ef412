import { type Shape, sizeOf } from '../../core/shape.ts';
import type { Value } from '../../ir/graph.ts';
import { framed } from './frame.ts';
import type { SingleApply } from './lowering.ts';
import { taps } from './tap.ts';
import { isPointwise, type Window } from './window.ts';

/** Elements of a window up to which what it sees is laid out. */
const fewElements = 8;

/** Channels from which on, with channels last, what is done for each channel costs no more than with channels first. */
const manyChannels = 64;

/**
 * Whether a convolution with channels last, and its gradients, are faster as matrix products of what the windows see,
 * laid out once: where they see each element by itself, or a few along one axis, as those of sequences do.
 * @param filterShape `[…, in, out]`
 */
export function isProduct(windows: readonly Window[], filterShape: Shape): boolean {
  const [along, ...others] = windows.filter((window) => !isPointwise([window]));
  if (!along) return true;
  const isWide = filterShape.slice(-2).every((channels) => channels >= manyChannels);
  return others.length === 0 && along.length <= fewElements && isWide;
}

/** `x` `[…, channels]` as a matrix `[rows, channels]`. */
export function asMatrix(op: SingleApply, x: Value): Value {
  const channels = x.shape.at(-1) as number;
  return op('Reshape', [x], { shape: [sizeOf(x.shape) / channels, channels] });
}

/**
 * What windows along one axis see, side by side.
 * @param x `[batch, …, channels]`
 * @returns `[places, window · channels]`
 */
export function unfolded(op: SingleApply, x: Value, windows: readonly Window[]): Value {
  const axis = windows.findIndex((window) => !isPointwise([window]));
  if (axis < 0) return asMatrix(op, x);
  const along = [windows[axis] as Window];
  const seen = framed(op, x, along, 0, axis + 1);
  return asMatrix(op, op('Concat', taps(op, seen, along, [axis + 1]), { axis: x.shape.length - 1 }));
}

/** Cross-correlation of `x` `[batch, …, channels]` with `filter` `[…, in, out]`, as a product. */
export function correlateByProduct(op: SingleApply, x: Value, filter: Value, windows: readonly Window[]): Value {
  const output = filter.shape.at(-1) as number;
  const product = op('Gemm', [unfolded(op, x, windows), asMatrix(op, filter)], { transA: 0, transB: 0 });
  return op('Reshape', [product], {
    shape: [x.shape[0] as number, ...windows.map(({ places }) => places), output],
  });
}
