import type { Column } from './column.ts';
import type { TypedArray } from './dtype.ts';
import type { Issue } from './error.ts';

/** What is known of one head over some rows. Whatever stands where a label is absent is never read. */
export interface LabelColumn {
  /** rows × size of a label, row-major. */
  readonly values: TypedArray;
  /** rows: 1 where the row has a label, 0 where not. */
  readonly present: Uint8Array;
  /** rows: factor of each row's loss; 1 where left out. */
  readonly weight?: Float32Array;
  /** As `values`: −1 where the truth is below the value, 1 where above, 0 where it is the value. For censored losses. */
  readonly bound?: Float32Array;
}

/** A columnar run of samples. Nothing of it is changed once it was emitted. */
export interface Chunk {
  readonly rows: number;
  /** By input. */
  readonly inputs: Readonly<Record<string, Column>>;
  /** By head. A head that is not named has no label here. */
  readonly labels: Readonly<Record<string, LabelColumn>>;
  /** rows: what random masks follow. The same row has the same key in every epoch and after every restart. */
  readonly keys: Int32Array;
  /** rows: ids, where samples have them. */
  readonly ids?: readonly string[];
  /** rows: event times, milliseconds since 1970-01-01 UTC, where samples have them. */
  readonly timesMs?: Float64Array;
  /** rows: the source that each is from, as its flow numbers them; 0 where left out. */
  readonly origins?: Int32Array;
  /** rows: 1 where the row was emitted before and comes once more; 0 where left out. */
  readonly repeats?: Uint8Array;
}

/** A record that can't be a sample, or a label that can't be one: a value, never an error that ends the stream. */
export interface Rejected {
  /** What kind of fault, for counting: `badType`, `badLength`, `labelOutOfRange`, `unknownClass`, `malformed`, `duplicateKey`, … */
  readonly reason: string;
  /** Where and why, in words. */
  readonly issue: Issue;
  /** The head whose label was bad, when the rest of the sample is good and goes on without that label. */
  readonly head?: string;
  readonly id?: string;
  /** The record as far as it could be read, for the dead letters. */
  readonly record?: unknown;
}

/** Where something was rejected. */
export interface RejectedAt {
  /** The flow, named after its source. */
  readonly flow: string;
  /** While it was read, or when a step was taken. */
  readonly stage: 'read' | 'step';
  /** Which one it was there, from 1 on. A stream that goes on from a state counts on from there. */
  readonly number: number;
}

/** Plain data that JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
