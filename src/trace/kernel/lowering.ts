import type { TensorInfo } from '@tensorflow/tfjs-core';
import { allocateArray, type DType } from '../../core/dtype.ts';
import type { Shape } from '../../core/shape.ts';
import type { Apply } from '../../ir/build.ts';
import type { Attributes } from '../../ir/graph.ts';
import { constant, scalar, type Value } from '../../ir/graph.ts';
import type { OpName } from '../../ir/op/index.ts';

/** A kernel call as a lowering sees it: values by input name, and TensorFlow.js's attributes. */
export interface KernelCall {
  /** The input of that name. @throws CompileError when it was not given */
  readonly input: (name: string) => Value;
  /** The input of that name, when it was given. */
  readonly optional: (name: string) => Value | undefined;
  /** All inputs in order, for kernels that take a list. */
  readonly list: () => readonly Value[];
  // biome-ignore lint/suspicious/noExplicitAny: attributes are as many types as there are kernels; each lowering names those it reads
  readonly attrs: any;
  readonly op: SingleApply;
  /** Like `op`, for ops with several outputs. */
  readonly ops: Apply;
  /** Says that the call cannot be compiled, and what to use instead. */
  readonly refuse: (found: string, hint: string) => never;
}

/** Applies an op with one output. */
export type SingleApply = (op: OpName, inputs: readonly (Value | null)[], attributes?: Attributes) => Value;

/** How a TensorFlow.js kernel is expressed in ops. */
export type Lowering = (call: KernelCall) => Value | readonly Value[];

/** Lowerings by kernel name. */
export type LoweringTable = Readonly<Record<string, Lowering>>;

export const float = (value: number): Value => scalar(value, 'float32');

/** `value` converted to `dtype`, when it is not of that type already. */
export function cast(op: SingleApply, value: Value, dtype: DType): Value {
  return value.dtype === dtype ? value : op('Cast', [value], { to: dtype });
}

/** The type TensorFlow.js computes in when two types meet: float32 before int32 before bool. */
export function commonType(values: readonly Value[]): DType {
  if (values.some(({ dtype }) => dtype === 'float32')) return 'float32';
  return values.some(({ dtype }) => dtype === 'int32') ? 'int32' : 'bool';
}

/** bool has no arithmetic: it counts as int32. */
export function asNumber(op: SingleApply, value: Value): Value {
  return value.dtype === 'bool' ? cast(op, value, 'int32') : value;
}

/** Operands brought to the type they have in common, as numbers. */
export function promote(op: SingleApply, values: readonly Value[]): readonly Value[] {
  const common = commonType(values);
  const dtype = common === 'bool' ? 'int32' : common;
  return values.map((value) => cast(op, value, dtype));
}

/** A constant of int32 numbers. */
export function int32(values: readonly number[], shape: Shape = [values.length]): Value {
  const data = allocateArray('int32', values.length) as Int32Array;
  data.set(values);
  return constant(data, 'int32', shape);
}

/** `value` repeated everywhere in `shape`. */
export function filled(op: SingleApply, value: number, dtype: DType, shape: Shape): Value {
  return op('Expand', [scalar(value, dtype)], { shape });
}

/** A value as TensorFlow.js's own checks of shapes want it. */
export const infoOf = ({ shape, dtype }: Value): TensorInfo => ({ shape: [...shape], dtype }) as TensorInfo;
