import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError, SourceError } from '../core/error.ts';
import { plugin } from '../core/plugin.ts';
import { failure, syncDirectory } from './append-file.ts';
import { codecs, ParquetPart, partSchema } from './parquet-part.ts';
import { checkRow, pathOf, type SinkContext, type SinkRow } from './row.ts';
import type { Sink } from './sink.ts';

/**
 * A folder of Parquet files, to be read as `folder/*.parquet`. A file of Parquet ends in what makes it readable and can't
 * be added to: each flush therefore ends a part, and its place is the number of parts. What was written since is in a
 * file of another name until it is whole.
 */
export const parquet = plugin({
  type: 'parquet',
  summary: 'Rows as Parquet, in a folder of parts: each flush ends one.',
  main: 'path',
  fields: z.object({
    path: z.string().min(1).describe('The folder; parts that it has are kept, and others are added.'),
    partRows: z.int().positive().default(1_000_000).describe('A part ends at so many rows, flushed or not.'),
    groupRows: z.int().positive().default(8192).describe('Rows of a row group: so many are kept in memory.'),
    compression: z.enum(['snappy', 'gzip', 'brotli', 'none']).default('snappy').describe('How pages are compressed.'),
  }),
  example: { path: 'predictions' },
  build: async (options, context: SinkContext): Promise<Sink<SinkRow>> => {
    const { columns, where } = context;
    if (columns.length === 0) throw new ConfigError({ where, expected: 'columns to write', found: 'none' });
    const folder = pathOf(options.path, context);
    const schema = await partSchema(columns, codecs[options.compression]);
    const kinds = new Map(columns.map(({ name, kind }) => [name, kind]));
    let parts = await openFolder(folder);
    let part: ParquetPart | undefined;
    /** Parts and rows of the next one, when all that was given is written. */
    let given = { parts, rows: 0 };
    let last: Promise<unknown> = Promise.resolve();
    let failed: unknown;

    const endPart = async (): Promise<void> => {
      if (part === undefined) return;
      await part.finish(join(folder, nameOf(parts)));
      await syncDirectory(folder);
      part = undefined;
      parts++;
    };
    /** Calls run one after the other. After a failed write nothing is known of the part: all later calls fail too. */
    const inTurn = <Result>(run: () => Promise<Result>): Promise<Result> => {
      const result = last.then(async () => {
        if (failed !== undefined) throw failed;
        return run().catch((error: unknown) => {
          if (error instanceof SourceError) throw error;
          failed = failure(folder, 'a folder that can be written', error);
          throw failed;
        });
      });
      last = result.catch(() => {});
      return result;
    };
    const placeOf = ({ parts, rows }: typeof given): number => parts + Number(rows > 0);
    const flush = (): Promise<number> => {
      given = { parts: placeOf(given), rows: 0 };
      return inTurn(() => endPart().then(() => parts));
    };

    return {
      name: folder,
      get place() {
        return placeOf(given);
      },
      write: async (row) => {
        checkRow(row, kinds, where);
        const rows = given.rows + 1;
        given = rows < options.partRows ? { ...given, rows } : { parts: given.parts + 1, rows: 0 };
        await inTurn(async () => {
          part ??= await ParquetPart.open(join(folder, writingName), schema, columns, options.groupRows);
          await part.append(row);
          if (part.rows >= options.partRows) await endPart();
        });
      },
      flush,
      truncate: (place) =>
        inTurn(async () => {
          await part?.discard();
          part = undefined;
          if (!Number.isInteger(place) || place < 0 || place > parts)
            throw new SourceError({
              where: folder,
              expected: `at least the ${place} parts that it had at the checkpoint`,
              found: `${parts}`,
              hint: 'the folder was changed or replaced since; put it back, or write to another',
            });
          // The last first, so that there is never a gap.
          while (parts > place) await rm(join(folder, nameOf(--parts)));
          await syncDirectory(folder);
          given = { parts, rows: 0 };
        }),
      close: async () => {
        await flush();
      },
    };
  },
});

const writingName = 'part.writing';
const partName = /^part-(\d{6,})\.parquet$/;

function nameOf(part: number): string {
  return `part-${String(part).padStart(6, '0')}.parquet`;
}

/** Makes the folder if there is none, and takes away what an interrupted run had begun. @returns its number of parts */
async function openFolder(folder: string): Promise<number> {
  try {
    await mkdir(folder, { recursive: true });
    await rm(join(folder, writingName), { force: true });
    const parts = (await readdir(folder)).filter((name) => partName.test(name)).sort();
    const missing = parts.findIndex((name, at) => Number(partName.exec(name)?.[1]) !== at);
    if (missing === -1) return parts.length;
    throw new SourceError({
      where: folder,
      expected: `a folder of parts without gaps, ${nameOf(missing)} among them`,
      found: `${parts[missing]} in its place`,
      hint: 'put the missing part back, or write to another folder',
    });
  } catch (error) {
    throw error instanceof SourceError ? error : failure(folder, 'a folder to write', error);
  }
}
