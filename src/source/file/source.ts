import { basename } from 'node:path';
import { z } from 'zod';
import type { Json } from '../../core/chunk.ts';
import { placeOf } from '../../core/config.ts';
import { SourceError } from '../../core/error.ts';
import { formatValue, quote } from '../../core/format.ts';
import type { SourceContext } from '../context.ts';
import { glob } from '../duckdb/database.ts';
import { followSource } from '../follow/source.ts';
import type { TableColumn, TableReading, TableReadOptions, TableSource } from '../source.ts';
import { choose, offeredOf } from './choose.ts';
import type { FollowOptions } from './fields.ts';
import { listFiles } from './list.ts';
import type { FileReader } from './reader.ts';
import { countInShard, fileTable, inParts, type Shard } from './row.ts';

/** Checked options of a source of files. */
export interface FileConfig {
  readonly path: readonly string[];
  readonly columns?: readonly string[] | undefined;
  readonly shard?: Shard | undefined;
  readonly chunkRows: number;
  /** Files that are still to come are waited for. */
  readonly follow?: FollowOptions | undefined;
}

/** What whoever makes a reader may ask of the source that it is for. */
export interface FileSet {
  /** The files, and the folders with files, that are read and nothing else; listed when first asked. */
  reach(): Promise<{ readonly files: readonly string[]; readonly folders: readonly string[] }>;
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
  if (config.follow !== undefined) return followSource({ ...config, follow: config.follow }, context, readerFor);
  let listing: Promise<readonly string[]> | undefined;
  const list = (): Promise<readonly string[]> => {
    listing ??= listFiles(paths, context.folder ?? '.', where(['path']), glob);
    return listing;
  };
  const reader = readerFor({ reach: async () => ({ files: await list(), folders: [] }), placeOf: where });
  const look = async (path: string, signal?: AbortSignal): Promise<readonly TableColumn[]> =>
    offeredOf(await reader.columns(path, signal), patterns, `${where(['columns'])}, ${path}`);
  const known = new Map<string, Promise<readonly TableColumn[]>>();
  const offered = (path: string, signal?: AbortSignal): Promise<readonly TableColumn[]> => {
    const found = known.get(path) ?? look(path, signal);
    known.set(path, found);
    found.catch(() => known.delete(path));
    return found;
  };

  async function* read({ from, columns: wanted, signal, everyShard }: TableReadOptions): AsyncGenerator<TableReading> {
    signal.throwIfAborted();
    const paths = await list();
    const start = positionOf(from, paths, name);
    const first = paths[0] === undefined ? [] : await offered(paths[0], signal);
    for (let file = start.file; file < paths.length; file++) {
      const path = paths[file] as string;
      const columns = choose(await offered(path, signal), wanted ?? first.map((column) => column.name), first, path);
      const place = file === start.file ? { from: start.row, mark: start.mark } : { from: 0, mark: undefined };
      const scan = { file, ...place, shard: everyShard ? undefined : shard, columns, signal };
      for await (const scanned of reader.scan(path, scan))
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
    shard,
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
