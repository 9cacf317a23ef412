import { Tensor } from '@tensorflow/tfjs-core';
import { allocateArray, type TypedArray } from '../core/dtype.ts';
import { type Issue, ShapeError } from '../core/error.ts';
import { formatValue } from '../core/format.ts';
import { formatShape, type Shape, sameShape, sizeOf } from '../core/shape.ts';

/** Numbers in nested lists, the outermost over samples. */
export type Nested = number | boolean | Float32Array | Int32Array | Uint8Array | readonly Nested[];
/** One row of numbers after the other. */
export interface Flat {
  readonly values: TypedArray;
  /** `[rows, …]` */
  readonly shape: Shape;
}
/** Samples of one input: a tensor, nested lists, or a flat array with its shape. */
export type Rows = Tensor | readonly Nested[] | Float32Array | Int32Array | Uint8Array | Flat;

export function isFlat(given: unknown): given is Flat {
  return typeof given === 'object' && given !== null && 'values' in given && 'shape' in given && !isTensor(given);
}

export function isTensor(given: unknown): given is Tensor {
  return given instanceof Tensor;
}

/** What was given for several names, for errors. */
export function formatGiven(given: unknown): string {
  if (isTensor(given)) return `a tensor ${formatShape(given.shape)}`;
  return ArrayBuffer.isView(given) ? `an array of ${(given as TypedArray).length} numbers` : formatValue(given);
}

/** Numbers one after the other, and how they were nested. Undefined when the lists are ragged or hold something else. */
export function flatten(given: Nested): { readonly values: number[]; readonly shape: Shape } | undefined {
  if (!Array.isArray(given) && !ArrayBuffer.isView(given)) {
    const isNumber = typeof given === 'number' || typeof given === 'boolean';
    return isNumber ? { values: [Number(given)], shape: [] } : undefined;
  }
  const parts = Array.from(given as readonly Nested[], flatten);
  const [first] = parts;
  const values: number[] = [];
  for (const part of parts) {
    if (!part || !first || !sameShape(part.shape, first.shape)) return undefined;
    for (const value of part.values) values.push(value);
  }
  return { values, shape: [parts.length, ...(first?.shape ?? [])] };
}

/**
 * Samples as a flat array of the given type.
 * @param shape of one sample; axes of size 1 at its end may be left out; −1 is any length
 * @returns rows × size numbers, and what was wrong
 */
export function rowsOf(
  given: unknown,
  shape: Shape,
  dtype: 'float32' | 'int32',
  where: string,
): { readonly values: TypedArray; readonly rows: number } | Issue {
  const expected = `samples ${formatRows(shape)}`;
  const read = isTensor(given)
    ? { values: given.dataSync() as TypedArray, shape: given.shape }
    : isFlat(given)
      ? given
      : flatten(given as Nested);
  if (!read) return { where, expected, found: formatValue(given) };
  const [rows = 0, ...rest] = read.shape;
  const size = sizeOf(shape.map((axis, at) => (axis < 0 ? (rest[at] ?? 0) : axis)));
  if (sizeOf(rest) !== size || read.values.length !== rows * size)
    return { where, expected, found: formatShape(read.shape) };
  const fault = faultOfFeatures(read.values, rows, dtype, where);
  if (fault) return fault;
  if (dtype === 'float32' && read.values instanceof Float32Array) return { values: read.values, rows };
  if (dtype === 'int32' && read.values instanceof Int32Array) return { values: read.values, rows };
  const values = allocateArray(dtype, rows * size) as Float32Array;
  values.set(read.values as ArrayLike<number>);
  return { values, rows };
}

function faultOfFeatures(
  values: ArrayLike<unknown>,
  rows: number,
  dtype: 'float32' | 'int32',
  where: string,
): Issue | undefined {
  const fits = (value: number): boolean =>
    dtype === 'int32' ? Number.isInteger(value) && value === (value | 0) : Number.isFinite(Math.fround(value));
  for (let at = 0; at < values.length; at++)
    if (!fits(Number(values[at]))) {
      const expected = dtype === 'int32' ? 'whole numbers' : 'finite numbers';
      return { where: `${where}, row ${Math.floor((at * rows) / values.length)}`, expected, found: `${values[at]}` };
    }
  return undefined;
}

/** `[rows, 10]`: the shape of one sample, as that of all. */
export function formatRows(shape: Shape): string {
  return `[${['rows', ...shape.map((size) => (size < 0 ? '?' : size))].join(', ')}]`;
}

/** @throws ShapeError when there are any */
export function failOn(issues: readonly Issue[]): void {
  if (issues.length > 0) throw new ShapeError(issues);
}
