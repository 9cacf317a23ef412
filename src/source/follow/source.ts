import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Rejected } from '../../core/chunk.ts';
import { systemClock } from '../../core/clock.ts';
import { placeOf } from '../../core/config.ts';
import { ConfigError, SourceError, TrunklineError } from '../../core/error.ts';
import { ignoreEvents } from '../../core/event.ts';
import { emptyColumn } from '../column.ts';
import type { SourceContext } from '../context.ts';
import { choose, offeredOf } from '../file/choose.ts';
import type { FollowOptions } from '../file/fields.ts';
import type { FileReader } from '../file/reader.ts';
import { fileTable, inParts } from '../file/row.ts';
import type { FileConfig, FileSet } from '../file/source.ts';
import type { TableColumn, TableReading, TableReadOptions, TableSource } from '../source.ts';
import { type Arrival, Arrivals } from './arrivals.ts';
import { firstColumns } from './columns.ts';
import { Incoming } from './incoming.ts';
import { type WatchedFolder, watchedFolder } from './pattern.ts';
import { type Place, placeFrom } from './place.ts';

/** A source of the files of a folder, also of those that are still to come. Nothing is opened before it is asked. */
export function followSource(
  config: FileConfig & { readonly follow: FollowOptions },
  context: SourceContext,
  readerFor: (set: FileSet) => FileReader,
): TableSource {
  const { path: paths, columns: patterns, shard, chunkRows, follow } = config;
  const { name, clock = systemClock, events = ignoreEvents, folder: base = '.', runFolder } = context;
  const where = (option: readonly string[]): string => placeOf(option, context.where ?? name);
  if (paths.length > 1)
    throw new ConfigError({
      where: where(['path']),
      expected: 'one folder, as it is to be followed',
      found: `${paths.length} paths`,
      hint: 'make a source of each, and train on both',
    });
  const example = follow.columnsFrom === undefined ? undefined : resolve(base, follow.columnsFrom);
  let watched: WatchedFolder | undefined;
  const folder = (): WatchedFolder => {
    watched ??= watchedFolder(paths[0] as string, base, where(['path']));
    return watched;
  };
  const reader = readerFor({
    reach: async () => ({ files: example === undefined ? [] : [example], folders: [folder().path] }),
    placeOf: where,
  });

  const order = runFolder === undefined ? undefined : join(runFolder, 'arrivals', `${encodeURIComponent(name)}.ndjson`);
  let opened: Promise<Arrivals> | undefined;
  const kept = (): Promise<Arrivals> => {
    opened ??= Arrivals.open(order);
    opened.catch(() => {
      opened = undefined;
    });
    return opened;
  };

  let known: Promise<readonly TableColumn[]> | undefined;
  /** All columns, as the first file has them. */
  const columnsOf = (signal?: AbortSignal): Promise<readonly TableColumn[]> => {
    known ??= kept().then((arrivals) =>
      firstColumns({ reader, before: arrivals.columns, example, folder: folder(), where, signal }),
    );
    known.catch(() => {
      known = undefined;
    });
    return known;
  };
  const offered = (all: readonly TableColumn[], path?: string): readonly TableColumn[] =>
    offeredOf(all, patterns, path === undefined ? where(['columns']) : `${where(['columns'])}, ${path}`);

  async function* read(options: TableReadOptions): AsyncGenerator<TableReading> {
    const { from, columns: wanted, signal, peek = false } = options;
    signal.throwIfAborted();
    const all = await columnsOf(signal);
    const arrivals = peek ? await Arrivals.open() : await kept();
    await arrivals.keepColumns(all);
    const incoming = new Incoming(folder(), {
      name,
      clock,
      events,
      pollMs: follow.pollMs,
      quietMs: peek ? 0 : follow.quietMs,
    });
    const first = offered(all);
    const names = wanted ?? first.map((column) => column.name);
    try {
      let place: Place = placeFrom(from, arrivals, name);
      for (;;) {
        const { file } = place;
        let arrival = arrivals.at(file);
        if (!arrival) {
          const found = await incoming.next((other) => arrivals.has(other), peek, signal);
          if (!found) return;
          arrival = await arrivals.begin(file, found);
        }
        yield* rowsOf(arrival, place, { incoming, first, names, signal });
        place = { file: file + 1, row: 0 };
      }
    } finally {
      incoming.close();
      await arrivals.close();
    }
  }

  interface Reading {
    readonly incoming: Incoming;
    readonly first: readonly TableColumn[];
    readonly names: readonly string[];
    readonly signal: AbortSignal;
  }

  /** The rest of a file. What is wrong with it as a whole is rejected; while the folder is away it is waited for. */
  async function* rowsOf(
    arrival: Arrival,
    { file, row, mark }: Place,
    { incoming, first, names, signal }: Reading,
  ): AsyncGenerator<TableReading> {
    const path = join(folder().path, arrival.name);
    const after = { file: file + 1, row: 0 };
    const nothing = (): Omit<TableReading, 'position'> => ({
      table: fileTable(path, file, { ...empty(names, first), rows: [] }),
      rejected: [],
    });
    let next: { readonly row: number; readonly mark?: Place['mark'] } = { row, mark };
    // One reading is held back, so that the last says that the file is done: then it may be taken away.
    let held: TableReading | undefined;
    for (;;) {
      try {
        await checkSame(path, arrival);
        const columns = choose(offered(await reader.columns(path, signal), path), names, first, path);
        const scan = { file, from: next.row, mark: next.mark, shard, columns, signal };
        for await (const scanned of reader.scan(path, scan))
          for (const part of inParts(scanned, chunkRows)) {
            signal.throwIfAborted();
            if (held) yield held;
            held = {
              table: fileTable(path, file, part),
              rejected: part.rejected.map(({ value }) => value),
              position: { file, ...part.next, name: arrival.name },
            };
            next = part.next;
          }
        // A file without rows is done as well: whoever goes on from there does not look for it again.
        yield { ...(held ?? nothing()), position: after };
        break;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof TrunklineError)) throw error;
        if (await incoming.isThere()) {
          const rejected = rejectedFile(error, arrival.name, next.row);
          const { table, rejected: before } = held ?? nothing();
          yield { table, rejected: [...before, rejected], position: after };
          break;
        }
        await incoming.untilThere(signal);
      }
    }
    reader.forget?.(path);
  }

  return {
    name,
    replayable: order !== undefined,
    isEndless: true,
    canPeek: true,
    columns: async (signal) => offered(await columnsOf(signal)),
    read,
  };
}

/** @throws SourceError when a file is no more what it was when it was begun */
async function checkSame(path: string, { bytes }: Arrival): Promise<void> {
  const found = await stat(path).catch((error: Error) => {
    throw new SourceError({ where: path, expected: 'a file that can be read', found: error.message }, { cause: error });
  });
  // The size of a file in an unreadable folder is not known.
  if (bytes === -1 || found.size === bytes) return;
  throw new SourceError({
    where: path,
    expected: `the file of ${bytes} bytes that was begun`,
    found: `${found.size} bytes`,
    hint: 'files are to appear by renaming, or be written without a pause of follow.quietMs, and to stay as they are',
  });
}

function rejectedFile(error: TrunklineError, name: string, row: number): Rejected {
  const [issue] = error.issues;
  return { reason: 'fileUnreadable', issue: issue as Rejected['issue'], record: { file: name, row } };
}

function empty(names: readonly string[], first: readonly TableColumn[]) {
  const kinds = new Map(first.map((column) => [column.name, column.kind]));
  const columns = new Map(names.map((name) => [name, emptyColumn(kinds.get(name) ?? 'number')]));
  return { columns, rejected: [], next: { row: 0 } };
}
