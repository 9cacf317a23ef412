import type { Chunk, Json, Rejected } from '../core/chunk.ts';
import type { Shape } from '../core/shape.ts';
import type { Table } from '../core/table.ts';

/** A place in a source, as plain data: reading goes on there as if it had never stopped. */
export type Position = Json;

export interface ReadOptions {
  /** Where to go on; from the beginning when left out. */
  readonly from?: Position;
  /** Ends the reading; what is read then rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

export interface TableReadOptions extends ReadOptions {
  /** All that anybody will look at: a medium that can leaves other columns out. Every column when left out. */
  readonly columns?: readonly string[];
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
  /** Names and kinds of the columns, without reading rows. */
  columns(signal?: AbortSignal): Promise<readonly TableColumn[]>;
  /** How many rows there are, where that can be known without reading them all. */
  countRows?(signal?: AbortSignal): Promise<number>;
  /** The files that are read, in their order, where it is files that are read. */
  files?(): Promise<readonly string[]>;
  /** Reads on demand: nothing is read before it is asked for. @throws TrunklineError when the medium fails as a whole */
  read(options: TableReadOptions): AsyncIterable<TableReading>;
}

export interface TableColumn {
  readonly name: string;
  readonly kind: 'number' | 'text' | 'bytes' | 'numbers' | 'texts' | 'mixed';
  /** As the medium names it: `FLOAT`, `INTEGER[]`. */
  readonly type: string;
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
  /** What chunks hold. */
  readonly inputs: Readonly<Record<string, { readonly shape: Shape; readonly dtype: 'float32' | 'int32' }>>;
  /** Heads that samples may have labels of. */
  readonly heads: readonly string[];
  /** Reads on demand: nothing is read before it is asked for. @throws TrunklineError when the medium fails as a whole */
  read(options: ReadOptions): AsyncIterable<Reading>;
}
