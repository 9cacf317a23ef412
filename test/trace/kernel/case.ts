import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { sizeOf } from '../../../src/core/shape.ts';
import type { Argument, Arguments, Results, Tolerance } from '../oracle.ts';

/** One call of a kernel: what it is given, and how it is called through TensorFlow.js. */
export interface Sample {
  readonly inputs: Arguments;
  readonly run: (inputs: Record<string, tf.Tensor>) => Results;
}

/** Draws sizes of axes: from 1 on, or with zeros among them. */
export type Sizes = fc.Arbitrary<number>;

/** What a lowered kernel is held against TensorFlow.js's `cpu` kernel with. */
export interface KernelCase {
  readonly kernel: string;
  /** What is special about this row, where a kernel has several. */
  readonly variant?: string;
  readonly sample: (size: Sizes) => fc.Arbitrary<Sample>;
  readonly tolerance?: Tolerance;
  /** The `cpu` backend runs other kernels to the same effect, because it gets this one wrong. */
  readonly spelledOut?: boolean;
  /** Types that float arguments are given as too; by default int32 and bool. */
  readonly dtypes?: readonly ('int32' | 'bool')[];
  /**
   * Types that arguments are taken for, where the `cpu` backend makes something odd of them: it cuts the sine of an
   * integer to an integer, and the sum of two truth values to a truth value.
   */
  readonly takenFor?: { readonly int32?: 'float32'; readonly bool?: 'float32' | 'int32' };
  /**
   * `checked` (default): compared, and approximated by finite differences. `compared`: not the derivative, by
   * definition, as that of a step. `none`: the result is not differentiated.
   */
  readonly gradient?: 'checked' | 'compared' | 'none';
  /** Why arguments with NaN and infinities are not tried. */
  readonly finite?: string;
  /** Why axes of size 0 are not tried. */
  readonly filled?: string;
}

/**
 * Floats in `domain`, each different from the others and from the middle of the domain, in an order that looks random:
 * no ties and no kinks near by, which finite differences need.
 * @param seed tells arguments of one sample apart
 */
export function floats(shape: readonly number[], seed = 0, [low, high]: readonly [number, number] = [-1, 1]): Argument {
  const count = sizeOf(shape);
  const stride = [7, 11, 13, 17, 19, 23, 29].find((candidate, at) => at >= seed % 4 && count % candidate !== 0) ?? 1;
  const offset = 0.37 + 0.12 * (seed % 3);
  const values = Array.from({ length: count }, (_, at) => (((at * stride + seed) % count) + offset) / count);
  return { shape, values: values.map((value) => low + value * (high - low)) };
}

/** Integers from `low` to before `high`. */
export function integers(shape: readonly number[], high: number, low = 0, seed = 0): Argument {
  const values = floats(shape, seed, [low, high]).values;
  return { shape, dtype: 'int32', values: Array.from(values, Math.floor) };
}

export function truths(shape: readonly number[], seed = 0): Argument {
  return { shape, dtype: 'bool', values: Array.from(floats(shape, seed).values, (value) => (value > 0 ? 1 : 0)) };
}

/** Shapes with a number of axes between `minimum` and `maximum`. */
export function shapes(size: Sizes, minimum = 0, maximum = 4): fc.Arbitrary<number[]> {
  return fc.array(size, { minLength: minimum, maxLength: maximum });
}

/** A shape and one of its axes, counted from the front or from the back. */
export function shapeAndAxis(size: Sizes, maximum = 4): fc.Arbitrary<{ shape: number[]; axis: number }> {
  return shapes(size, 1, maximum).chain((shape) =>
    fc.integer({ min: -shape.length, max: shape.length - 1 }).map((axis) => ({ shape, axis })),
  );
}

/**
 * `count` shapes that broadcast together: leading axes left out, others of size 1. They are the same when an axis has
 * size 0, because TensorFlow.js's gradients do not repeat along those.
 */
export function broadcastable(size: Sizes, count: number, maximum = 3): fc.Arbitrary<number[][]> {
  const ones = fc.array(fc.constantFrom(false, false, true), { minLength: maximum, maxLength: maximum });
  const part = (shape: number[]): fc.Arbitrary<number[]> =>
    fc
      .tuple(fc.oneof(fc.constant(0), fc.nat({ max: shape.length })), ones)
      .map(([from, single]) => shape.slice(from).map((length, axis) => (single[axis] ? 1 : length)));
  return shapes(size, 0, maximum).chain((shape) =>
    fc.tuple(...Array.from({ length: count }, () => (shape.includes(0) ? fc.constant(shape) : part(shape)))),
  );
}

export const at = (inputs: Record<string, tf.Tensor>, name: string): tf.Tensor => inputs[name] as tf.Tensor;

/** Numbers are computed with truth values as with integers. */
export const countingTruths = { takenFor: { bool: 'int32' } } as const;
/** Integers and truth values are taken for floats. */
export const promoting = { takenFor: { int32: 'float32', bool: 'float32' } } as const;
/** TensorFlow.js refuses other types itself. */
export const onlyFloats = { dtypes: [] } as const;

/** A row for a function of one tensor of any shape. */
export function ofOne(
  kernel: string,
  run: (x: tf.Tensor) => Results,
  rest: Omit<KernelCase, 'kernel' | 'sample'> & { readonly domain?: readonly [number, number] } = {},
): KernelCase {
  const { domain, ...row } = rest;
  return {
    kernel,
    sample: (size) =>
      shapes(size).map((shape) => ({ inputs: { x: floats(shape, 1, domain) }, run: ({ x }) => run(x as tf.Tensor) })),
    ...row,
  };
}

/** Calls a kernel that no public operation calls. */
export function runKernel(name: string, inputs: object, attrs: object = {}): tf.Tensor {
  return tf
    .engine()
    .runKernel(name, inputs as Parameters<ReturnType<typeof tf.engine>['runKernel']>[1], attrs as never);
}

/** A kernel that the `cpu` backend lacks is compared with the operations it stands for. */
export function onTrunkline(kernel: () => tf.Tensor, reference: () => tf.Tensor): tf.Tensor {
  return tf.getBackend() === 'trunkline' ? kernel() : reference();
}
