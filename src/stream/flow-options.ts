import type { Rejected, RejectedAt } from '../core/chunk.ts';
import type { Source } from '../source/source.ts';
import type { Amount } from './ledger.ts';
import type { FlowState } from './state.ts';

/** Where rows come from, as rules tell them apart. */
export interface Origin {
  readonly source: string;
  readonly tags: readonly string[];
}

/** When a stream ends because too much of it can't be read. */
export interface RejectLimit {
  /** Share of the records, from 0 to 1. */
  readonly share: number;
  /** Records before it is looked at. */
  readonly after: number;
}

/** Takes what can't be trained on. Reading waits for it; what it throws ends the stream. */
export type DeadLetter = (rejected: Rejected, at: RejectedAt) => void | Promise<void>;

export interface FlowOptions {
  readonly name: string;
  readonly origins: readonly Origin[];
  /** Heads that rows may have labels of. */
  readonly heads: readonly string[];
  /** Whether heads may be made of labels that come later. */
  readonly mayHaveNewHeads?: boolean;
  /** What rows hold, where the source says so. */
  readonly inputs?: Source['inputs'];
  /** How much is read ahead of what the operators hold. */
  readonly credit: Amount;
  readonly rejectLimit?: RejectLimit;
  readonly deadLetter?: DeadLetter;
  /** Why reading again may give other rows, if it may. */
  readonly notReplayable?: string;
  /** Whether rows may be long in coming: who joins the flow with others does not wait for them. */
  readonly isEndless?: boolean;
  /** What to go on from. */
  readonly restore?: FlowState;
}
