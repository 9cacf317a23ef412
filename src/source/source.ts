import type { Chunk, Json, Rejected } from '../core/chunk.ts';
import type { Clock } from '../core/clock.ts';
import type { Column } from '../core/column.ts';
import type { EventSink } from '../core/event.ts';
import type { Route } from '../core/route.ts';
import type { Shape } from '../core/shape.ts';
import type { Table } from '../core/table.ts';
import type { Shard } from './file/row.ts';
import type { RowFault } from './sample-fault.ts';

/** A place in a source, as plain data: reading goes on there as if it had never stopped. */
export type Position = Json;

export interface ReadOptions {
  /** Where to go on; from the beginning when left out. */
  readonly from?: Position;
  /** Ends the reading; what is read then rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /** Nobody trains on it: nothing is left behind, and nothing waited for. What is still to come ends the reading. */
  readonly peek?: boolean;
}

/** What is to be read of a table. */
export interface TableReadOptions extends ReadOptions {
  /** All that anybody will look at: a medium that can leaves other columns out. Every column when left out. */
  readonly columns?: readonly string[];
  /** Rows of all shards, for who deals them out otherwise. */
  readonly everyShard?: boolean;
}

/** Rows of a medium, what could not be read, and the place after both. */
export interface TableReading {
  readonly table: Table;
  readonly rejected: readonly Rejected[];
  readonly position: Position;
}

/** A medium: where rows come from, before anybody has said what they mean. */
export interface TableSource {
  readonly name: string;
  /** Whether everything can be read again from a position. */
  readonly replayable: boolean;
  /** Whether reading waits at the end for what is still to come: it ends by its signal alone. */
  readonly isEndless?: boolean;
  /** Whether an endless source can be asked for what is there: see `peek`. */
  readonly canPeek?: boolean;
  /** The part of the rows that is read. */
  readonly shard?: Shard | undefined;
  /** Names and kinds of the columns, without reading rows. */
  columns(signal?: AbortSignal): Promise<readonly TableColumn[]>;
  /** How many rows there are, where that can be known without reading them all. */
  countRows?(signal?: AbortSignal): Promise<number>;
  /** The files that are read, in their order, where it is files that are read. */
  files?(): Promise<readonly string[]>;
  /** Reads on demand: nothing is read before it is asked for. @throws TrunklineError when the medium fails as a whole */
  read(options: TableReadOptions): AsyncIterable<TableReading>;
  /** Told that nobody will ask for what stands before a position again: a log may forget it, a broker be told. */
  covered?(position: Position): Promise<void>;
  /** Begins to take what others send, where the medium is one that is sent to. */
  receive?(options: ReceiveOptions & { readonly judge: Judge }): Promise<Receiver>;
}

/** What rows of a table would come to as samples. */
export interface Verdicts {
  /** Rows that can't be samples, and labels that can't be labels. */
  readonly faults: readonly RowFault[];
  /** rows: ids, where samples have them. */
  readonly ids?: readonly string[];
}

/** Says what rows would come to, before they are accepted. */
export type Judge = (table: Table) => Promise<Verdicts>;

export interface ReceiveOptions {
  readonly clock: Clock;
  readonly events: EventSink;
}

/** A source that is being sent to. */
export interface Receiver {
  readonly routes: readonly Route[];
  /** Resolves when what was accepted is kept, and nothing more is. */
  close(): Promise<void>;
}

/** A column of a table: what its values are, and what the medium calls that. */
export interface TableColumn {
  readonly name: string;
  readonly kind: 'number' | 'text' | 'bytes' | 'numbers' | 'texts' | 'mixed';
  /** As the medium names it: `FLOAT`, `INTEGER[]`. */
  readonly type: string;
}

/** What samples hold for one input of the model. */
export interface InputForm {
  /** Of one sample; −1 is a length that each batch decides. */
  readonly shape: Shape;
  readonly dtype: 'float32' | 'int32';
  /** How its numbers are kept; `dense` when left out. */
  readonly kind?: Column['kind'];
}

/** Samples, what could not be one, and the place after both. */
export interface Reading {
  readonly chunk: Chunk;
  readonly rejected: readonly Rejected[];
  readonly position: Position;
}

/** Where samples come from. */
export interface Source {
  readonly name: string;
  readonly replayable: boolean;
  /** Whether reading waits at the end for what is still to come: it ends by its signal alone. */
  readonly isEndless?: boolean;
  /** Whether an endless source can be asked for what is there: see `peek`. */
  readonly canPeek?: boolean;
  /** What chunks hold. */
  readonly inputs: Readonly<Record<string, InputForm>>;
  /** Heads that samples may have labels of. */
  readonly heads: readonly string[];
  /** Whether heads may be made of labels that come later. */
  readonly mayHaveNewHeads?: boolean;
  /** Reads on demand: nothing is read before it is asked for. @throws TrunklineError when the medium fails as a whole */
  read(options: ReadOptions): AsyncIterable<Reading>;
  /** Told that nobody will ask for what stands before a position again: see `TableSource.covered`. */
  covered?(position: Position): Promise<void>;
}
