import {
  backend_util,
  type ConcatAttrs,
  type PackAttrs,
  type SplitVAttrs,
  type UnpackAttrs,
  util,
} from '@tensorflow/tfjs-core';
import { sizeOf } from '../../core/shape.ts';
import type { Value } from '../../ir/graph.ts';
import { reshaped } from './arrange.ts';
import { cast, filled, type KernelCall, type LoweringTable, type SingleApply } from './lowering.ts';

/** Values joined along `axis`, in the type of the first. */
export function joined(op: SingleApply, values: readonly Value[], axis: number): Value {
  const [first] = values as [Value];
  const filledValues = values.filter(({ shape }) => sizeOf(shape) > 0);
  const [only] = filledValues;
  if (only && filledValues.length === 1) return only;
  if (!only) {
    const size = values.reduce((sum, { shape }) => sum + (shape[axis] as number), 0);
    return filled(op, 0, first.dtype, first.shape.with(axis, size));
  }
  return op(
    'Concat',
    filledValues.map((value) => cast(op, value, first.dtype)),
    { axis },
  );
}

function concat({ list, attrs, op }: KernelCall): Value {
  const values = list();
  const shapes = values.map(({ shape }) => [...shape]);
  const [axis] = util.parseAxisParam((attrs as ConcatAttrs).axis, shapes[0] as number[]) as [number];
  backend_util.assertParamsConsistent(shapes, axis);
  return joined(op, values, axis);
}

function pack({ list, attrs, op }: KernelCall): Value {
  const values = list();
  const [first] = values as [Value];
  const { axis: given } = attrs as PackAttrs;
  const axis = given < 0 ? given + first.shape.length + 1 : given;
  for (const { shape, dtype } of values) {
    util.assertShapesMatch([...first.shape], [...shape], 'All tensors passed to stack must have matching shapes');
    util.assert(dtype === first.dtype, () => 'All tensors passed to stack must have matching dtypes');
  }
  const shape = first.shape.toSpliced(axis, 0, 1);
  return joined(
    op,
    values.map((value) => reshaped(op, value, shape)),
    axis,
  );
}

function parts({ ops }: KernelCall, x: Value, axis: number, split: readonly number[]): readonly Value[] {
  return split.length === 1 ? [x] : ops('Split', [x], { axis, split });
}

function unpack(call: KernelCall): readonly Value[] {
  const x = call.input('value');
  const { axis: given } = call.attrs as UnpackAttrs;
  const axis = given < 0 ? given + x.shape.length : given;
  const count = x.shape[axis] as number;
  if (count === 0) return [];
  const shape = x.shape.toSpliced(axis, 1);
  return parts(call, x, axis, new Array<number>(count).fill(1)).map((part) => reshaped(call.op, part, shape));
}

function split(call: KernelCall): readonly Value[] {
  const x = call.input('x');
  const { axis: given, numOrSizeSplits } = call.attrs as SplitVAttrs;
  const [axis] = util.parseAxisParam(given, [...x.shape]) as [number];
  const whole = { shape: [...x.shape] } as Parameters<typeof backend_util.prepareSplitSize>[0];
  return parts(call, x, axis, backend_util.prepareSplitSize(whole, numOrSizeSplits, axis));
}

/** Kernels that join tensors into one, or divide one. */
export const join: LoweringTable = { Concat: concat, Pack: pack, Unpack: unpack, SplitV: split };
