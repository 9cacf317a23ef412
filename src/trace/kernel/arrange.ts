import {
  type BroadCastToAttrs,
  type ReverseAttrs,
  type TileAttrs,
  type TransposeAttrs,
  util,
} from '@tensorflow/tfjs-core';
import type { Value } from '../../ir/graph.ts';
import type { LoweringTable, SingleApply } from './lowering.ts';

/** Axes in the order `perm`; the value itself when they are in that order already. */
export function transposed(op: SingleApply, x: Value, perm: readonly number[]): Value {
  return perm.every((axis, at) => axis === at) ? x : op('Transpose', [x], { perm });
}

/** The same elements under another shape; the value itself when it has that shape already. */
export function reshaped(op: SingleApply, x: Value, shape: readonly number[]): Value {
  const same = shape.length === x.shape.length && shape.every((size, axis) => size === x.shape[axis]);
  return same ? x : op('Reshape', [x], { shape });
}

/** Elements in reverse order along `axes`. */
export function reversed(op: SingleApply, x: Value, axes: readonly number[]): Value {
  if (axes.length === 0) return x;
  return op('Slice', [x], {
    starts: axes.map((axis) => (x.shape[axis] as number) - 1),
    ends: axes.map((axis) => -(x.shape[axis] as number) - 1),
    axes,
    steps: axes.map(() => -1),
  });
}

/** Repetition along axes of size 1 needs no copy: what reads it can read each element from where it is. */
function tile(op: SingleApply, x: Value, repeats: readonly number[]): Value {
  if (repeats.every((count) => count === 1)) return x;
  if (x.shape.some((size, axis) => size !== 1 && repeats[axis] !== 1)) return op('Tile', [x], { repeats });
  return op('Expand', [x], { shape: x.shape.map((size, axis) => size * (repeats[axis] as number)) });
}

/** Kernels that move whole axes, or repeat them. */
export const arrange: LoweringTable = {
  Transpose: ({ input, attrs, op }) => transposed(op, input('x'), (attrs as TransposeAttrs).perm),
  Reverse: ({ input, attrs, op }) => {
    const x = input('x');
    const { dims } = attrs as ReverseAttrs;
    return x.shape.length === 0 ? x : reversed(op, x, util.parseAxisParam(dims, [...x.shape]));
  },
  Tile: ({ input, attrs, op }) => tile(op, input('x'), (attrs as TileAttrs).reps),
  BroadcastTo: ({ input, attrs, op }) => op('Expand', [input('x')], { shape: (attrs as BroadCastToAttrs).shape }),
};
