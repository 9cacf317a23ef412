import type { Database } from './database.ts';

/** A public data set: where it comes from, and how pipelines get it. */
export interface DataSet {
  /** What is typed, and the folder it is prepared in. */
  readonly name: string;
  readonly summary: string;
  readonly origin: Origin;
  /** The folder its files lie in, beside those of other sets. */
  readonly folder: string;
  /** What it is made from, by what it is called in `prepare`: the first of the alternatives that is there is taken. */
  readonly files: Readonly<Record<string, readonly Alternative[]>>;
  /** Columns that are labels of molecules, in sets of molecules: those with fingerprints. */
  readonly molecules?: RegExp;
  /** Reads the files, and writes those that pipelines read. */
  prepare(preparation: Preparation): Promise<void>;
}

export interface Origin {
  readonly repository: string;
  readonly commit?: string;
  readonly licence: string;
}

/** One name that a file may have, and which of its rows count. */
export interface Alternative {
  readonly file: string;
  /** SQL over the file's columns; all rows when left out. */
  readonly where?: string;
}

export interface FoundFile extends Alternative {
  readonly path: string;
}

export interface Preparation {
  readonly database: Database;
  readonly files: Readonly<Record<string, FoundFile>>;
  /** Writes the rows of a query as `<name>.parquet`. */
  write(name: string, query: string): Promise<void>;
  /** Tells the user something about the data. */
  say(line: string): void;
}
