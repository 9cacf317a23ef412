import { basename, dirname, join, resolve } from 'node:path';
import type { Json, Rejected } from '../../core/chunk.ts';
import { systemClock } from '../../core/clock.ts';
import { placeOf } from '../../core/config.ts';
import { SourceError, TrunklineError } from '../../core/error.ts';
import { ignoreEvents } from '../../core/event.ts';
import { quote } from '../../core/format.ts';
import { emptyColumn } from '../column.ts';
import type { SourceContext } from '../context.ts';
import { choose, offeredOf } from '../file/choose.ts';
import type { FileReader } from '../file/reader.ts';
import { fileTable, inParts, type Shard } from '../file/row.ts';
import { Arrivals } from '../follow/arrivals.ts';
import { Wake } from '../follow/wake.ts';
import type { TableColumn, TableReading, TableReadOptions, TableSource } from '../source.ts';
import { LineFiles } from './line-files.ts';
import { beginning, type TailPlace, tailPlaceFrom } from './place.ts';
import { fileFault, TailFile, type TailScan } from './reading.ts';

export interface TailConfig {
  readonly path: string;
  readonly rotated?: string | undefined;
  readonly columns?: readonly string[] | undefined;
  readonly shard?: Shard | undefined;
  readonly chunkRows: number;
  readonly quietMs: number;
  readonly pollMs: number;
}

/** A source of the lines of a file that grows, and of those that were put aside before it. */
export function tailSource(config: TailConfig, context: SourceContext, reader: FileReader): TableSource {
  const { columns: patterns, shard, chunkRows, quietMs, pollMs } = config;
  const { name, clock = systemClock, events = ignoreEvents, folder: base = '.', runFolder } = context;
  const where = (option: readonly string[]): string => placeOf(option, context.where ?? name);
  const path = resolve(base, config.path);
  const own = basename(path);
  const files = new LineFiles(path, config.rotated ?? `${own.replaceAll(/[[*?]/g, '[$&]')}[.-]*`);
  const noted = runFolder === undefined ? undefined : join(runFolder, 'arrivals', `${encodeURIComponent(name)}.ndjson`);

  let known: Promise<readonly TableColumn[]> | undefined;
  /** The columns, as they were when the run began. */
  const columnsOf = (signal?: AbortSignal): Promise<readonly TableColumn[]> => {
    known ??= lookForColumns(signal);
    known.catch(() => {
      known = undefined;
    });
    return known;
  };
  const lookForColumns = async (signal: AbortSignal | undefined): Promise<readonly TableColumn[]> => {
    const { columns: before } = await Arrivals.open(noted);
    if (before) {
      reader.adopt?.(before);
      return before;
    }
    for (const candidate of await files.list().catch(() => []))
      try {
        return await reader.columns(candidate.path, signal);
      } catch (error) {
        if (!(error instanceof TrunklineError)) throw error;
      }
    const declared = await reader.declared?.(signal);
    if (declared) return declared;
    throw new SourceError({
      where: where(['path']),
      expected: 'a first line, which says what the columns are',
      found: `none in ${quote(path)}`,
      hint: 'name the columns: kinds: { id: text, x: numbers, toxic: number }',
    });
  };

  async function* read({
    from,
    columns: wanted,
    signal,
    peek = false,
  }: TableReadOptions): AsyncGenerator<TableReading> {
    signal.throwIfAborted();
    let place = tailPlaceFrom(from, name);
    const all = await columnsOf(signal);
    if (!peek) {
      const arrivals = await Arrivals.open(noted);
      await arrivals.keepColumns(all);
      await arrivals.close();
    }
    const first = offeredOf(all, patterns, where(['columns']));
    const columns = choose(first, wanted ?? first.map((column) => column.name), first, path);
    const scan: TailScan = { reader, columns, shard, signal };
    const wake = new Wake(dirname(path), clock, 'contents');
    let awaySinceMs: number | undefined;
    const away = (message: string): void => {
      if (awaySinceMs === undefined) events({ type: 'sourceAway', source: name, message });
      awaySinceMs ??= clock.monotonicMs();
    };
    const back = (): void => {
      if (awaySinceMs === undefined) return;
      events({ type: 'sourceBack', source: name, awayMs: clock.monotonicMs() - awaySinceMs });
      awaySinceMs = undefined;
    };
    let current: TailFile | undefined;

    /** A file to read, when there is one; undefined when one has to be waited for. */
    const begin = async (): Promise<{ readonly rejected: readonly Rejected[] } | undefined> => {
      const sought = place;
      if (sought && sought.head !== null) {
        const file = await files.having(sought);
        if (file) current = new TailFile(file, clock, sought);
        else {
          place = { ...sought, ...beginning, head: null, before: '' };
          return { rejected: [lostAfter(sought)] };
        }
      } else {
        const file = await files.first(sought?.changedMs);
        if (file === null) back();
        if (file === undefined) away(`no file at ${path}`);
        if (!file) return undefined;
        current = new TailFile(file, clock);
      }
      return { rejected: [] };
    };

    const lostAfter = ({ row, mark }: TailPlace): Rejected => ({
      reason: 'linesLost',
      issue: {
        where: `${path}:${mark.line}`,
        expected: `the lines after byte ${mark.byte}, here or in a file that was put aside`,
        found: 'none with what was read before them: they are lost, if there were any',
        hint: `files that are put aside are looked for beside it, under names like ${quote(config.rotated ?? `${own}.1`)}: rotated`,
      },
      record: { byte: mark.byte, row },
    });
    const nothing = (rejected: readonly Rejected[], position: TailPlace): TableReading => {
      const none = new Map(columns.map((column) => [column.name, emptyColumn(column.kind)]));
      return {
        table: fileTable(path, 0, { columns: none, rows: [], rejected: [], next: { row: 0 } }),
        rejected,
        position: position as Json,
      };
    };
    async function* handOn(file: TailFile, parts: ReturnType<TailFile['read']>): AsyncGenerator<TableReading> {
      for await (const { path: from, file: number, scanned } of parts)
        for (const part of inParts(scanned, chunkRows)) {
          signal.throwIfAborted();
          const rejected = part.rejected.map(({ value }) => value);
          place = await file.placeAfter(part.next);
          yield { table: fileTable(from, number, part), rejected, position: place as Json };
        }
    }

    try {
      for (;;) {
        wake.listen();
        let isWaiting = true;
        try {
          if (!current) {
            const found = await begin();
            if (found && found.rejected.length > 0) yield nothing(found.rejected, place as TailPlace);
            if (found) isWaiting = false;
          }
          const file = current as TailFile | undefined;
          if (file) {
            back();
            if (await file.isWhole()) yield* handOn(file, file.read(scan));
            const standing = await file.standing(files, peek ? 0 : quietMs);
            isWaiting = standing === 'open';
            if (standing === 'replaced') {
              // Cut off after it was copied: what was not read is in the copy.
              place = await file.place();
              await file.close();
              current = undefined;
            } else if (standing === 'over') {
              yield* handOn(file, file.rest(scan));
              const next = await file.next(files);
              isWaiting = next === undefined;
              if (next) {
                await file.close();
                current = new TailFile(next, clock);
              }
            }
          }
        } catch (error) {
          signal.throwIfAborted();
          const fault = fileFault(error);
          const damaged = current as TailFile | undefined;
          if (damaged && damaged.path !== path && error instanceof TrunklineError) {
            // It stays as it is: the files after it are gone on with.
            place = { ...beginning, head: null, before: '', changedMs: damaged.changedMs };
            await damaged.close();
            current = undefined;
            isWaiting = false;
            const issue = fault.issues[0] as Rejected['issue'];
            yield nothing([{ reason: 'fileUnreadable', issue, record: { file: basename(damaged.path) } }], place);
          } else {
            away(fault.message);
            wake.close();
          }
        }
        if (!isWaiting) continue;
        if (peek) return;
        await wake.wait(Math.min(pollMs, quietMs || pollMs), signal);
      }
    } finally {
      wake.close();
      await current?.close();
    }
  }

  return {
    name,
    replayable: true,
    isEndless: true,
    canPeek: true,
    columns: async (signal) => offeredOf(await columnsOf(signal), patterns, where(['columns'])),
    read,
  };
}
