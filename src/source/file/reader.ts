import type { Json, Rejected } from '../../core/chunk.ts';
import type { RawColumn } from '../../core/table.ts';
import type { TableColumn } from '../source.ts';
import type { FilePart } from './bytes.ts';
import type { Shard } from './row.ts';

/** What reading one file is told. */
export interface ScanOptions {
  /** The file's place in the list. */
  readonly file: number;
  /** The first row to read, counted from 0. */
  readonly from: number;
  /** What the format itself said of the place before that row, when reading goes on. */
  readonly mark: Json | undefined;
  readonly shard: Shard | undefined;
  /** Those that are wanted; all of them are there. */
  readonly columns: readonly TableColumn[];
  readonly signal: AbortSignal;
  /** Only this much of the file, through what is open already: of formats of lines. */
  readonly part?: FilePart;
}

/** Rows of one file. */
export interface Scanned {
  readonly columns: ReadonlyMap<string, RawColumn>;
  /** Number of each row in the file, from 0. */
  readonly rows: ArrayLike<number>;
  /** Line of the file where each row begins, from 1, in formats that have lines. */
  readonly lines?: ArrayLike<number>;
  /** What could not be read, with its number among the rows. */
  readonly rejected: readonly { readonly row: number; readonly value: Rejected }[];
  /** What finds these rows quickly, in formats that have such a thing. */
  readonly mark?: Json;
  /** Where to go on in the file: at a row, and whatever finds it quickly. */
  readonly next: { readonly row: number; readonly mark?: Json };
}

/** What reads files of one format. Paths are absolute. */
export interface FileReader {
  /** @throws SourceError when the file can't be read as a whole */
  columns(path: string, signal?: AbortSignal): Promise<readonly TableColumn[]>;
  countRows?(path: string, signal?: AbortSignal): Promise<number>;
  scan(path: string, options: ScanOptions): AsyncIterable<Scanned>;
  /** The columns, where options name them all, so that no file is needed to know them. */
  declared?(signal?: AbortSignal): Promise<readonly TableColumn[] | undefined>;
  /** Takes columns as they were before a restart, instead of what the first file would say. */
  adopt?(columns: readonly TableColumn[]): void;
  /** Lets go of what is known of a file: it is read no more. */
  forget?(path: string): void;
}
