import { basename } from 'node:path';
import { z } from 'zod';
import type { Rejected } from '../../core/chunk.ts';
import { ConfigError, SourceError } from '../../core/error.ts';
import { formatValue, quote } from '../../core/format.ts';
import { matchNames, unmatched } from '../../core/pattern.ts';
import type { RawColumn } from '../../core/table.ts';
import type { TableColumn, TableReading, TableReadOptions, TableSource } from '../source.ts';
import { countInShard, fileTable, type Shard } from './row.ts';

/** What reading one file is told. */
export interface ScanOptions {
  /** The file's place in the list. */
  readonly file: number;
  /** The first row to read, counted from 0. */
  readonly from: number;
  readonly shard: Shard | undefined;
  /** Those that are wanted; all of them are there. */
  readonly columns: readonly TableColumn[];
  readonly signal: AbortSignal;
}

/** Rows of one file. */
export interface Scanned {
  readonly columns: ReadonlyMap<string, RawColumn>;
  /** Number of each row in the file, from 0. */
  readonly rows: ArrayLike<number>;
  readonly rejected: readonly Rejected[];
  /** Where to go on in the file. */
  readonly next: number;
}

/** What reads files of one format. Paths are absolute. */
export interface FileReader {
  /** @throws SourceError when the file can't be read as a whole */
  columns(path: string, signal?: AbortSignal): Promise<readonly TableColumn[]>;
  countRows?(path: string, signal?: AbortSignal): Promise<number>;
  scan(path: string, options: ScanOptions): AsyncIterable<Scanned>;
}

export interface FileSourceOptions {
  readonly name: string;
  /** The place of its options, for errors. */
  readonly placeOf: (option: readonly string[]) => string;
  /** The files, in order; called once. */
  files(): Promise<readonly string[]>;
  readonly reader: FileReader;
  readonly shard: Shard | undefined;
  /** Patterns of the columns that are offered; all when undefined. */
  readonly columns: readonly string[] | undefined;
}

/** Where reading goes on: a row of a file. The name tells when the list of files has changed. */
const positionSchema = z.strictObject({ file: z.int().min(0), row: z.int().min(0), name: z.string().optional() });

/** A source of the rows of files, one file after the other. */
export function fileSource({ name, placeOf, files, reader, shard, columns: patterns }: FileSourceOptions): TableSource {
  let listing: Promise<readonly string[]> | undefined;
  const list = (): Promise<readonly string[]> => {
    listing ??= files();
    return listing;
  };

  /** The columns of a file that are offered. */
  const offered = async (path: string, signal?: AbortSignal): Promise<readonly TableColumn[]> => {
    const all = await reader.columns(path, signal);
    if (patterns === undefined) return all;
    const names = all.map((column) => column.name);
    const matches = patterns.map((pattern) => matchNames(pattern, names));
    const issues = patterns
      .filter((_, at) => matches[at]?.length === 0)
      .map((pattern) => unmatched(`${placeOf(['columns'])}, ${path}`, pattern, 'column', names));
    if (issues.length > 0) throw new ConfigError(issues);
    const meant = new Set(matches.flat());
    return all.filter((column) => meant.has(column.name));
  };

  async function* read({ from, columns: wanted, signal }: TableReadOptions): AsyncGenerator<TableReading> {
    signal.throwIfAborted();
    const paths = await list();
    const start = positionOf(from, paths, name);
    for (let file = start.file; file < paths.length; file++) {
      const path = paths[file] as string;
      const columns = choose(await offered(path, signal), wanted, path);
      const firstRow = file === start.file ? start.row : 0;
      for await (const scanned of reader.scan(path, { file, from: firstRow, shard, columns, signal })) {
        signal.throwIfAborted();
        yield {
          table: fileTable(path, file, scanned.rows, scanned.columns),
          rejected: scanned.rejected,
          position: { file, row: scanned.next, name: basename(path) },
        };
      }
    }
  }

  const { countRows } = reader;
  return {
    name,
    replayable: true,
    columns: async (signal) => {
      const [first] = await list();
      return first === undefined ? [] : offered(first, signal);
    },
    ...(countRows !== undefined && {
      countRows: async (signal?: AbortSignal) => {
        let total = 0;
        for (const [file, path] of (await list()).entries())
          total += countInShard(shard, file, await countRows(path, signal));
        return total;
      },
    }),
    read,
  };
}

/** The wanted columns, in the order in which they are wanted. */
function choose(
  columns: readonly TableColumn[],
  wanted: readonly string[] | undefined,
  path: string,
): readonly TableColumn[] {
  if (wanted === undefined) return columns;
  const byName = new Map(columns.map((column) => [column.name, column]));
  const missing = wanted.filter((name) => !byName.has(name));
  if (missing.length > 0)
    throw new SourceError(missing.map((name) => unmatched(path, name, 'column', [...byName.keys()])));
  return wanted.map((name) => byName.get(name) as TableColumn);
}

function positionOf(from: unknown, paths: readonly string[], name: string): { file: number; row: number } {
  if (from === undefined) return { file: 0, row: 0 };
  const parsed = positionSchema.safeParse(from);
  if (!parsed.success)
    throw new SourceError({ where: name, expected: 'a position of files: { file, row }', found: formatValue(from) });
  const { file, row, name: expected } = parsed.data;
  const found = paths[file];
  if (expected !== undefined && (found === undefined || basename(found) !== expected))
    throw new SourceError({
      where: name,
      expected: `${quote(expected)} as file ${file + 1} of the list, where reading is to go on`,
      found: found === undefined ? `${paths.length} files` : quote(found),
      hint: 'files may be added after the others by name, and taken away only once they are read',
    });
  return { file, row };
}
