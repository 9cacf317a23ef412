import type { Chunk } from '../core/chunk.ts';
import type { Batch } from '../step/batch.ts';
import type { SkippedStep, StepReport } from '../step/report.ts';
import type { Flow } from './flow.ts';

/**
 * Samples on their way, with the flow they belong to. One without rows comes first, and one may end an epoch: operators
 * pass such on.
 */
export interface StreamChunk extends Chunk {
  readonly flow: Flow;
  /** From 1 on. */
  readonly epoch: number;
  /** The epoch that ends with these rows. */
  readonly epochEnd?: number;
}

/** The rows of one step on their way. One without rows ends an epoch, or comes first. */
export interface StreamBatch extends Batch {
  readonly flow: Flow;
  readonly epoch: number;
  readonly epochEnd?: number;
  readonly keys: Int32Array;
  readonly ids?: readonly string[];
  readonly timesMs?: Float64Array;
  readonly origins?: Int32Array;
  readonly repeats?: Uint8Array;
  readonly sizeBytes: number;
  /** Time to put its rows together. */
  readonly assembleMs: number;
}

/** The end of an epoch: everything of it was trained on. */
export interface EpochEnd {
  readonly epochEnd: number;
  readonly flow: Flow;
}

interface OfBatch {
  /** Inputs and labels of the step. */
  readonly batch: StreamBatch;
  readonly epoch: number;
  /** Time in which there was no batch to compute. */
  readonly waitMs: number;
}

/** A step that was taken, or a batch that moved nothing, or the end of an epoch. */
export type StepItem = (StepReport & OfBatch) | (SkippedStep & OfBatch) | EpochEnd;
