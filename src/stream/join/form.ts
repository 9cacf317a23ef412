import type { Chunk, LabelColumn } from '../../core/chunk.ts';
import type { Column } from '../../core/column.ts';
import type { TypedArray } from '../../core/dtype.ts';

/** Names of arrays, and how they are made: what is kept names them. */
const arrays = { Float32Array, Int32Array, Uint8Array, Uint32Array, BigInt64Array };
export type ArrayName = keyof typeof arrays;

/** What a column looks like, without its numbers. */
export type ColumnForm =
  | { readonly name: string; readonly kind: 'dense'; readonly array: ArrayName; readonly size: number }
  | { readonly name: string; readonly kind: 'multiHot'; readonly size: number }
  | {
      readonly name: string;
      readonly kind: 'sequence';
      readonly array: 'Float32Array' | 'Int32Array';
      readonly lengths: readonly number[];
      readonly padding: number;
    };

/** What samples look like, without their numbers. */
export interface SampleForm {
  readonly inputs: readonly ColumnForm[];
  readonly isTimed: boolean;
  readonly hasOrigins: boolean;
}

/** What a label of one head looks like. */
export interface LabelForm {
  readonly head: string;
  readonly array: ArrayName;
  readonly size: number;
  readonly isWeighted: boolean;
  readonly isBounded: boolean;
}

export function allocate(array: ArrayName, length: number): TypedArray {
  return new arrays[array](length);
}

export const elementBytes = (array: ArrayName): number => arrays[array].BYTES_PER_ELEMENT;

/** The bytes of an array, to copy rows from and into. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: TypedArray | Float64Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

const nameOf = (values: TypedArray): ArrayName => values.constructor.name as ArrayName;

export function formOf({ inputs, timesMs, origins }: Chunk): SampleForm {
  const columns = Object.entries(inputs)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, column]) => columnForm(name, column));
  return { inputs: columns, isTimed: timesMs !== undefined, hasOrigins: origins !== undefined };
}

function columnForm(name: string, column: Column): ColumnForm {
  if (column.kind === 'dense') return { name, kind: 'dense', array: nameOf(column.values), size: column.size };
  if (column.kind === 'multiHot') return { name, kind: 'multiHot', size: column.size };
  const { lengths, padding, values } = column;
  return { name, kind: 'sequence', array: nameOf(values) as 'Float32Array' | 'Int32Array', lengths, padding };
}

/** @param rows of the chunk that the labels are in */
export function labelForm(head: string, { values, weight, bound }: LabelColumn, rows: number): LabelForm {
  return {
    head,
    array: nameOf(values),
    size: values.length / rows,
    isWeighted: weight !== undefined,
    isBounded: bound !== undefined,
  };
}
