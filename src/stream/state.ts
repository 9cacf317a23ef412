import type { Chunk, Json } from '../core/chunk.ts';
import type { RowRefs } from '../core/rows.ts';
import type { LedgerState } from './ledger.ts';

/** Rows that an operator holds: references to chunks, which nobody changes. Nothing was copied to say so. */
export interface HeldRows extends RowRefs {
  readonly chunks: readonly Chunk[];
}

/** What an operator goes on from. */
export interface OperatorState {
  readonly json: Json;
  readonly rows: Readonly<Record<string, HeldRows>>;
}

/** What one subscription to a source goes on from. */
export interface FlowState {
  /** Where the source is: its epoch, and the position in it. */
  readonly place: Json;
  readonly ledger: LedgerState;
  /** In the order in which they follow the source. */
  readonly operators: readonly { readonly name: string; readonly state: OperatorState }[];
}

/** What a stream goes on from, by the names of its flows: those of the sources, and of what joins them. */
export type StreamState = Readonly<Record<string, FlowState>>;
