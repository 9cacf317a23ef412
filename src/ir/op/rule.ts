import type { DType } from '../../core/dtype.ts';
import { ShapeError } from '../../core/error.ts';
import { formatShape, normalizeAxis, type Shape } from '../../core/shape.ts';
import type { Attributes, Value } from '../graph.ts';

/** Element type and shape of a value. */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** An op about to be applied. */
export interface Call {
  readonly op: string;
  readonly inputs: readonly (Value | null)[];
  readonly attributes: Attributes;
  readonly origin: string;
}

/** What an op means and when it is legal. */
export interface OpRule {
  /** One sentence: what the op computes. */
  readonly summary: string;
  /**
   * The types of the outputs.
   * @throws ShapeError when the inputs or attributes are not legal for the op
   */
  readonly infer: (call: Call) => readonly TensorType[];
  /** Operator set, when it is not ONNX's own. */
  readonly domain?: 'com.microsoft';
}

export const floatTypes: readonly DType[] = ['float32'];
export const numericTypes: readonly DType[] = ['float32', 'int32', 'int64', 'uint32'];
export const integerTypes: readonly DType[] = ['int32', 'int64', 'uint32'];
export const booleanTypes: readonly DType[] = ['bool'];
export const anyTypes: readonly DType[] = ['float32', 'int32', 'bool', 'int64', 'uint32', 'uint8'];

/** `op (recorded from origin)`, how an op is named in errors. */
export function place(call: Call): string {
  return call.origin === '' ? call.op : `${call.op} (recorded from ${call.origin})`;
}

export function reject(call: Call, expected: string, found: string, hint?: string): never {
  throw new ShapeError({ where: place(call), expected, found, ...(hint === undefined ? {} : { hint }) });
}

/** The input at `index`, which must be present and of one of the given types. */
export function operand(call: Call, index: number, types: readonly DType[] = anyTypes): Value {
  const value = call.inputs[index];
  if (!value) return reject(call, `an input at position ${index}`, 'none');
  if (!types.includes(value.dtype))
    reject(call, `input ${index} of type ${types.join(' | ')}`, `${value.dtype} ${formatShape(value.shape)}`);
  return value;
}

/** All inputs, which must be present and share one of the given types. */
export function operands(call: Call, types: readonly DType[]): readonly Value[] {
  const values = call.inputs.map((_, index) => operand(call, index, types));
  const first = values[0] ?? reject(call, 'at least one input', 'none');
  const other = values.find((value) => value.dtype !== first.dtype);
  if (other) reject(call, `inputs of one type`, `${first.dtype} and ${other.dtype}`);
  return values;
}

export function integers(call: Call, name: string): readonly number[] {
  const value = call.attributes[name];
  if (Array.isArray(value)) return value;
  return reject(call, `attribute '${name}' as a list of integers`, String(value));
}

export function integer(call: Call, name: string, fallback?: number): number {
  const value = call.attributes[name] ?? fallback;
  return typeof value === 'number' && Number.isInteger(value)
    ? value
    : reject(call, `attribute '${name}' as an integer`, String(value));
}

export function axisOf(call: Call, rank: number, fallback?: number): number {
  return normalizeAxis(integer(call, 'axis', fallback), rank, place(call));
}

/** Requires an input of the given rank. */
export function ranked(call: Call, index: number, rank: number, types: readonly DType[] = anyTypes): Value {
  const value = operand(call, index, types);
  if (value.shape.length !== rank) reject(call, `input ${index} of rank ${rank}`, formatShape(value.shape));
  return value;
}
