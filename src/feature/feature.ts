import type { Json } from '../core/chunk.ts';
import type { Column } from '../core/column.ts';
import type { Shape } from '../core/shape.ts';
import type { RawColumn } from '../core/table.ts';

/** What a feature is built for. */
export interface FeatureContext {
  /** The place of its options, for errors: `features.fp`. */
  readonly where: string;
  /** The columns it reads, in the order in which `fit` and `transform` are given them. */
  readonly columns: readonly FeatureColumn[];
}

export interface FeatureColumn {
  readonly name: string;
  readonly kind: RawColumn['kind'];
}

/** What is wrong with one row's feature: the row is rejected. */
export interface FeatureFault {
  readonly row: number;
  /** Which of the feature's columns. */
  readonly column: string;
  /** For counting: `badType`, `badLength`, `missing`, `unknownValue`, … */
  readonly reason: string;
  readonly expected: string;
  readonly found: string;
}

export interface Transformed {
  readonly column: Column;
  /** Rows whose feature could not be made: what stands there in the column means nothing. */
  readonly faults: readonly FeatureFault[];
}

/** Turns columns of a table into one input of the model. */
export interface Feature {
  /** Of one sample. A sequence that is filled up to one of several lengths has −1 as its length. Known once it was fitted. */
  readonly shape: Shape;
  readonly dtype: 'float32' | 'int32';
  /** How its numbers are kept until they are written into a batch; `dense` when left out. */
  readonly kind?: Column['kind'];
  /** Whether it has to see the training source before it transforms anything. */
  readonly needsFit: boolean;
  /** Looks at a part of the training source. */
  fit(columns: readonly RawColumn[], rows: number): void;
  /** Says that all of the training source was looked at. */
  finishFit(): void;
  /**
   * Makes the input of some rows.
   * @throws ConfigError when it needs a fit and has had none
   */
  transform(columns: readonly RawColumn[], rows: number): Transformed | Promise<Transformed>;
  /** What was fitted, for checkpoints. */
  state(): Json;
  /** Goes on with what was fitted before. */
  restore(state: Json): void;
}
