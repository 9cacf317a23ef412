import type { TypedArray } from './dtype.ts';

/** A column of a table as a medium gives it, before anybody has said what it means. `valid` is 1 where not null. */
export type RawColumn =
  /** Whole numbers, fractions and truth values. Of 64-bit integers beyond 2⁵³ the nearest double. */
  | { readonly kind: 'number'; readonly values: TypedArray | Float64Array; readonly valid: Uint8Array }
  | { readonly kind: 'text'; readonly values: readonly (string | null)[] }
  | { readonly kind: 'bytes'; readonly values: readonly (Uint8Array | null)[] }
  /** Lists of numbers: row `r` has `values[starts[r]] … values[starts[r + 1] − 1]`; null inside a list is NaN. */
  | {
      readonly kind: 'numbers';
      readonly starts: Int32Array;
      readonly values: TypedArray | Float64Array;
      readonly valid: Uint8Array;
    }
  /** Lists of texts, likewise. */
  | {
      readonly kind: 'texts';
      readonly starts: Int32Array;
      readonly values: readonly (string | null)[];
      readonly valid: Uint8Array;
    }
  /** What differs from row to row, or has no other kind: values as JSON has them; null where there is none. */
  | { readonly kind: 'mixed'; readonly values: readonly unknown[] };

/** Rows as a medium gives them. */
export interface Table {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, RawColumn>;
  /** rows: where each row stands in its medium, for errors: `train.parquet, row 17`. */
  place(row: number): string;
  /** rows: numbers that stay with their row through epochs and restarts: what random masks follow. */
  readonly keys: Int32Array;
}
