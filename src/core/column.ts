import type { TypedArray } from './dtype.ts';

/**
 * The numbers of one input over some rows. What is mostly 0 or of differing length stays short until it is written into
 * a batch.
 */
export type Column = DenseColumn | MultiHotColumn | SequenceColumn;

/** `size` numbers for each row, one row after the other. */
export interface DenseColumn {
  readonly kind: 'dense';
  /** rows × size. */
  readonly values: TypedArray;
  readonly size: number;
}

/** Rows of `size` numbers that are 1 at some places and 0 elsewhere. */
export interface MultiHotColumn {
  readonly kind: 'multiHot';
  /** rows + 1: where each row's places begin, and where the last one's end. The first need not begin at 0. */
  readonly starts: Int32Array;
  /** Below `size`; none twice in a row. */
  readonly places: Int32Array;
  readonly size: number;
}

/** Rows of any length, filled up to one of a few lengths when they are written. */
export interface SequenceColumn {
  readonly kind: 'sequence';
  /** rows + 1: where each row begins, and where the last one ends; likewise. No row is longer than the last of `lengths`. */
  readonly starts: Int32Array;
  readonly values: Int32Array | Float32Array;
  /** Lengths that batches may have, ascending: a batch has the first that its longest row fits. */
  readonly lengths: readonly number[];
  /** What stands after a row's end. */
  readonly padding: number;
}

/** Rows of several columns, in an order: `count[i]` rows of column `of[i]` from row `first[i]` on. */
export interface Runs {
  readonly rows: number;
  readonly of: Int32Array;
  readonly first: Int32Array;
  readonly count: Int32Array;
}

/** Elements that a loop copies faster than a call. */
const fewElements = 24;

/** How many numbers each row of a batch has: of sequences the first of their lengths that the longest row fits. */
export function rowSize(column: Column): number {
  if (column.kind !== 'sequence') return column.size;
  const longest = longestRow(column);
  return column.lengths.find((length) => length >= longest) ?? longest;
}

/** Numbers of the longest row of a sequence. */
export function longestRow({ starts }: SequenceColumn): number {
  let longest = 0;
  for (let row = 1; row < starts.length; row++)
    longest = Math.max(longest, (starts[row] as number) - (starts[row - 1] as number));
  return longest;
}

/** How many rows a column has. */
export function rowsOfColumn(column: Column): number {
  if (column.kind !== 'dense') return column.starts.length - 1;
  return column.size === 0 ? 0 : column.values.length / column.size;
}

/** Bytes that the rows of a column take up. */
export function columnBytes(column: Column): number {
  if (column.kind === 'dense') return column.values.byteLength;
  const { starts } = column;
  return starts.byteLength + 4 * ((starts.at(-1) ?? 0) - (starts[0] ?? 0));
}

/** Bytes that one row of a column takes up. */
export function rowBytes(column: Column, row: number): number {
  if (column.kind === 'dense') return column.size * column.values.BYTES_PER_ELEMENT;
  return 4 + 4 * ((column.starts[row + 1] as number) - (column.starts[row] as number));
}

/** A view of the rows from `start` up to `end`. */
export function sliceColumn(column: Column, start: number, end: number): Column {
  if (column.kind === 'dense')
    return { ...column, values: column.values.subarray(start * column.size, end * column.size) };
  return { ...column, starts: column.starts.subarray(start, end + 1) };
}

/** Copies of rows of columns that are alike. */
export function gatherColumn(columns: readonly Column[], runs: Runs): Column {
  const [first] = columns as [Column];
  if (first.kind === 'dense') {
    const values = columns.map((column) => (column as DenseColumn).values);
    return { ...first, values: gatherValues(values, first.size, runs) };
  }
  const starts = columns.map((column) => (column as MultiHotColumn).starts);
  const runStarts = new Int32Array(runs.rows + 1);
  let row = 0;
  for (let run = 0; run < runs.of.length; run++) {
    const from = starts[runs.of[run] as number] as Int32Array;
    const begin = runs.first[run] as number;
    for (let at = begin; at < begin + (runs.count[run] as number); at++, row++)
      runStarts[row + 1] = (runStarts[row] as number) + (from[at + 1] as number) - (from[at] as number);
  }
  const pieces = (values: readonly TypedArray[]) => gatherPieces(values, starts, runStarts[row] as number, runs);
  if (first.kind === 'multiHot') {
    const places = pieces(columns.map((column) => (column as MultiHotColumn).places));
    return { ...first, starts: runStarts, places: places as Int32Array };
  }
  const values = pieces(columns.map((column) => (column as SequenceColumn).values));
  return { ...first, starts: runStarts, values: values as Float32Array };
}

/** Copies of rows of `size` numbers. */
export function gatherValues<Values extends TypedArray | Float64Array>(
  values: readonly (Values | undefined)[],
  size: number,
  { rows, of, first, count }: Runs,
): Values {
  const target = emptyLike(values.find((array) => array) as Values, rows * size) as Float32Array;
  let at = 0;
  for (let run = 0; run < of.length; run++) {
    const from = values[of[run] as number] as Float32Array | undefined;
    const begin = (first[run] as number) * size;
    const length = (count[run] as number) * size;
    if (from && length > fewElements) target.set(from.subarray(begin, begin + length), at);
    else if (from) for (let place = 0; place < length; place++) target[at + place] = from[begin + place] as number;
    at += length;
  }
  return target as unknown as Values;
}

function gatherPieces(
  values: readonly TypedArray[],
  starts: readonly Int32Array[],
  total: number,
  { of, first, count }: Runs,
): TypedArray {
  const target = emptyLike(values[0] as TypedArray, total) as Int32Array;
  let at = 0;
  for (let run = 0; run < of.length; run++) {
    const column = of[run] as number;
    const [from, begin] = [starts[column] as Int32Array, first[run] as number];
    const piece = (values[column] as Int32Array).subarray(from[begin], from[begin + (count[run] as number)]);
    target.set(piece, at);
    at += piece.length;
  }
  return target;
}

/** An array of the same type, filled with zeros. */
function emptyLike<Values extends TypedArray | Float64Array>(values: Values, length: number): Values {
  return new (values.constructor as new (length: number) => Values)(length);
}

/**
 * Writes the rows of a column into an array of rows × `length` numbers, each filled up with what stands where it has none.
 * @param length numbers of a row, `rowSize(column)` or more
 */
export function writeColumn(target: TypedArray, column: Column, length: number): void {
  const array = target as Float32Array;
  if (column.kind === 'dense') {
    array.set(column.values as Float32Array);
    return;
  }
  array.fill(column.kind === 'sequence' ? column.padding : 0);
  const { starts } = column;
  for (let row = 0; row + 1 < starts.length; row++) {
    const [start, end] = [starts[row] as number, starts[row + 1] as number];
    if (column.kind === 'sequence') array.set(column.values.subarray(start, end), row * length);
    else for (let at = start; at < end; at++) array[row * length + (column.places[at] as number)] = 1;
  }
}
