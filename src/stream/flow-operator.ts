import type { Json } from '../core/chunk.ts';
import type { OperatorState } from './state.ts';

/** The most that an operator holds at a time. Without bytes: as many as the rows happen to have. */
export interface Bound {
  readonly rows: number;
  readonly sizeBytes?: number;
}

/** An operator, as its flow knows it. */
export interface Operator {
  readonly name: string;
  /** So much more is read. */
  readonly bound?: Bound;
  /** Resolves when it can take more, where it may be slower than reading, which waits for it. It never rejects. */
  ready?(): Promise<void>;
  /** What it goes on from, when it is asked between two rows. */
  state(): OperatorState;
  /** Told of so many rows that came to an outcome at the end of the flow; of none, that an epoch ended there. */
  ended?(rows: number): void;
  /** What it counts besides rows, by name. */
  counts?(): Readonly<Record<string, number>>;
  /** Resolves when what its state refers to is on the disk, where it keeps something there. */
  durable?(): Promise<void>;
  /** Told that nobody goes on from before a place of the flow: what is kept for that may go. */
  covered?(place: Json): Promise<void>;
  /** Why a run that is repeated may differ, if it may. */
  readonly notReplayable?: string;
}
