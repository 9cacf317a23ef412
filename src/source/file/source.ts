import { basename } from 'node:path';
import { z } from 'zod';
import type { Json } from '../../core/chunk.ts';
import { placeOf } from '../../core/config.ts';
import { ConfigError, SourceError } from '../../core/error.ts';
import { formatValue, quote } from '../../core/format.ts';
import { matchNames, unmatched } from '../../core/pattern.ts';
import type { SourceContext } from '../context.ts';
import { glob } from '../duckdb/database.ts';
import type { TableColumn, TableReading, TableReadOptions, TableSource } from '../source.ts';
import { listFiles } from './list.ts';
import type { FileReader } from './reader.ts';
import { countInShard, fileTable, inParts, type Shard } from './row.ts';

/** Checked options of a source of files. */
export interface FileConfig {
  readonly path: readonly string[];
  readonly columns?: readonly string[] | undefined;
  readonly shard?: Shard | undefined;
  readonly chunkRows: number;
}

/** What whoever makes a reader may ask of the source that it is for. */
export interface FileSet {
  /** The files, in order; listed when first asked. */
  files(): Promise<readonly string[]>;
  /** The place of an option, for errors. */
  readonly placeOf: (option: readonly string[]) => string;
}

/** Where reading goes on: a row of a file. The name tells when the list of files has changed. */
const positionSchema = z.strictObject({
  file: z.int().min(0),
  row: z.int().min(0),
  name: z.string().optional(),
  mark: z.json().optional(),
});

/** A source of the rows of files, one file after the other. Nothing is opened before it is asked. */
export function fileSource(
  config: FileConfig,
  context: SourceContext,
  readerFor: (set: FileSet) => FileReader,
): TableSource {
  const { path: paths, columns: patterns, shard, chunkRows } = config;
  const { name } = context;
  const where = (option: readonly string[]): string => placeOf(option, context.where ?? name);
  let listing: Promise<readonly string[]> | undefined;
  const list = (): Promise<readonly string[]> => {
    listing ??= listFiles(paths, context.folder ?? '.', where(['path']), glob);
    return listing;
  };
  const reader = readerFor({ files: list, placeOf: where });

  /** The columns of a file that are offered. */
  const look = async (path: string, signal?: AbortSignal): Promise<readonly TableColumn[]> => {
    const all = await reader.columns(path, signal);
    if (patterns === undefined) return all;
    const names = all.map((column) => column.name);
    const matches = patterns.map((pattern) => matchNames(pattern, names));
    const issues = patterns
      .filter((_, at) => matches[at]?.length === 0)
      .map((pattern) => unmatched(`${where(['columns'])}, ${path}`, pattern, 'column', names));
    if (issues.length > 0) throw new ConfigError(issues);
    const meant = new Set(matches.flat());
    return all.filter((column) => meant.has(column.name));
  };
  const known = new Map<string, Promise<readonly TableColumn[]>>();
  const offered = (path: string, signal?: AbortSignal): Promise<readonly TableColumn[]> => {
    const found = known.get(path) ?? look(path, signal);
    known.set(path, found);
    found.catch(() => known.delete(path));
    return found;
  };

  async function* read({ from, columns: wanted, signal }: TableReadOptions): AsyncGenerator<TableReading> {
    signal.throwIfAborted();
    const paths = await list();
    const start = positionOf(from, paths, name);
    const first = paths[0] === undefined ? [] : await offered(paths[0], signal);
    for (let file = start.file; file < paths.length; file++) {
      const path = paths[file] as string;
      const columns = choose(await offered(path, signal), wanted ?? first.map((column) => column.name), first, path);
      const place = file === start.file ? { from: start.row, mark: start.mark } : { from: 0, mark: undefined };
      for await (const scanned of reader.scan(path, { file, ...place, shard, columns, signal }))
        for (const part of inParts(scanned, chunkRows)) {
          signal.throwIfAborted();
          yield {
            table: fileTable(path, file, part),
            rejected: part.rejected.map(({ value }) => value),
            position: { file, ...part.next, name: basename(path) },
          };
        }
    }
  }

  const { countRows } = reader;
  return {
    name,
    replayable: true,
    files: list,
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

/** The wanted columns of a file, in the order in which they are wanted. They are of the kinds they have in the first file. */
function choose(
  columns: readonly TableColumn[],
  wanted: readonly string[],
  first: readonly TableColumn[],
  path: string,
): readonly TableColumn[] {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const missing = wanted.filter((name) => !byName.has(name));
  if (missing.length > 0)
    throw new SourceError(missing.map((name) => unmatched(path, name, 'column', [...byName.keys()])));
  const chosen = wanted.map((name) => byName.get(name) as TableColumn);
  const kinds = new Map(first.map(({ name, kind }) => [name, kind]));
  const different = chosen.filter(({ name, kind }) => (kinds.get(name) ?? kind) !== kind);
  if (different.length > 0)
    throw new SourceError(
      different.map(({ name, kind, type }) => ({
        where: path,
        expected: `column ${quote(name)} to be of kind '${kinds.get(name)}', as in the first file`,
        found: `'${kind}' (${type})`,
      })),
    );
  return chosen;
}

interface Place {
  readonly file: number;
  readonly row: number;
  readonly mark: Json | undefined;
}

function positionOf(from: unknown, paths: readonly string[], name: string): Place {
  if (from === undefined) return { file: 0, row: 0, mark: undefined };
  const parsed = positionSchema.safeParse(from);
  if (!parsed.success)
    throw new SourceError({ where: name, expected: 'a position of files: { file, row }', found: formatValue(from) });
  const { file, row, name: expected, mark } = parsed.data;
  const found = paths[file];
  if (expected !== undefined && (found === undefined || basename(found) !== expected))
    throw new SourceError({
      where: name,
      expected: `${quote(expected)} as file ${file + 1} of the list, where reading is to go on`,
      found: found === undefined ? `${paths.length} files` : quote(found),
      hint: 'files may be added after the others by name, and taken away only once they are read',
    });
  return { file, row, mark };
}
