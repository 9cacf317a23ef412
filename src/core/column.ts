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
  /** rows + 1: where each row's places begin, and where the last one's end. */
  readonly starts: Int32Array;
  /** Below `size`; none twice in a row. */
  readonly places: Int32Array;
  readonly size: number;
}

/** Rows of any length, filled up to one of a few lengths when they are written. */
export interface SequenceColumn {
  readonly kind: 'sequence';
  /** rows + 1: where each row begins, and where the last one ends. No row is longer than the last of `lengths`. */
  readonly starts: Int32Array;
  readonly values: Int32Array | Float32Array;
  /** Lengths that batches may have, ascending: a batch has the first that its longest row fits. */
  readonly lengths: readonly number[];
  /** What stands after a row's end. */
  readonly padding: number;
}
