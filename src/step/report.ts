import type { TypedArray } from '../core/dtype.ts';

/** What became of one head in a step in which it had labels. */
export interface HeadReport {
  /** Weighted losses of its labelled rows, divided by the denominator. */
  readonly loss: number;
  readonly labels: number;
  readonly denominator: number;
  /** Factor of its loss in the merged one. */
  readonly weight: number;
  /** Best guesses of all rows, when they were asked for; a view that holds until the next step but one. */
  readonly points?: TypedArray;
}

/** What a step tells the world. */
export interface StepReport {
  /** Steps taken, this one included. */
  readonly step: number;
  readonly rows: number;
  /** The merged loss: Σ weight · loss of the heads. */
  readonly loss: number;
  /** Heads that were trained in this step. */
  readonly heads: Readonly<Record<string, HeadReport>>;
  /** Heads that had labels and were left out, and why. */
  readonly rejected: Readonly<Record<string, string>>;
  /** Norm of the gradient of each group of parameters that moved. */
  readonly gradientNorms: Readonly<Record<string, number>>;
  readonly learningRates: Readonly<Record<string, number>>;
  /** Time to write the batch where it is computed. */
  readonly assembleMs: number;
  readonly computeMs: number;
  /** Time to find the factors of the heads' losses, where they depend on gradients. */
  readonly mergeMs: number;
  readonly updateMs: number;
}

/** A batch that moved nothing, and why. */
export interface SkippedStep {
  readonly skipped: 'unlabelled' | 'notFinite';
  readonly rows: number;
  readonly rejected: Readonly<Record<string, string>>;
}
