import type * as Arrow from 'apache-arrow';
import { z } from 'zod';
import { SourceError, TrunklineError } from '../core/error.ts';
import { quote } from '../core/format.ts';
import { plugin } from '../core/plugin.ts';
import { type Batches, type BatchOptions, loadArrow, openBatches } from './arrow/batch.ts';
import { columnOfVector, kindOfType } from './arrow/column.ts';
import { pick } from './column.ts';
import type { SourceContext } from './context.ts';
import { choosing } from './duckdb/stage.ts';
import { fileFields, lineFields, sqlFields } from './file/fields.ts';
import type { FileReader, Scanned, ScanOptions } from './file/reader.ts';
import { isInShard } from './file/row.ts';
import { fileSource } from './file/source.ts';
import type { TableColumn, TableSource } from './source.ts';

/** Rows of Arrow files and streams, the latter also packed by gzip. */
export const arrow = plugin({
  type: 'arrow',
  summary: 'Rows of Arrow files (Feather) and streams.',
  fields: z.object({ ...fileFields, ...sqlFields, maxBytes: lineFields.maxBytes }),
  main: 'path',
  example: { path: 'data/embeddings-*.arrow', columns: 'embedding|toxic' },
  build: (config, context: SourceContext): TableSource =>
    fileSource(config, context, ({ placeOf }) => {
      const { where, derive, maxBytes } = config;
      return choosing(batchReader(maxBytes), format, { where, derive, placeOf });
    }),
});

const format = 'an Arrow file or stream';

/** The batch that a row is in, and how many rows there are before it. */
type Mark = { readonly batch: number; readonly row: number };

function batchReader(maxBytes: number): FileReader {
  async function* opened<Value>(
    path: string,
    options: Omit<BatchOptions, 'maxBytes'>,
    use: (batches: Batches) => AsyncIterable<Value>,
  ): AsyncGenerator<Value> {
    options.signal?.throwIfAborted();
    let batches: Batches | undefined;
    try {
      batches = await openBatches(path, { ...options, maxBytes });
      yield* use(batches);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (error instanceof TrunklineError) throw error;
      const found = error instanceof Error ? error.message : String(error);
      throw new SourceError({ where: path, expected: format, found }, { cause: error });
    } finally {
      await batches?.close();
    }
  }

  async function* look({ schema }: Batches, path: string): AsyncGenerator<readonly TableColumn[]> {
    const library = await loadArrow();
    refuseDuplicates(schema, path);
    yield schema.fields.map(({ name, type }) => ({ name, kind: kindOfType(library, type), type: String(type) }));
  }

  async function* scan(
    { batches }: Batches,
    { file, from, mark, shard, columns }: ScanOptions,
  ): AsyncGenerator<Scanned> {
    const library = await loadArrow();
    const begin = (mark as Mark | undefined) ?? { batch: 0, row: 0 };
    let firstRow = begin.row;
    for await (const [batch, number] of batches()) {
      if (number < begin.batch) continue;
      const kept: number[] = [];
      for (let row = Math.max(0, from - firstRow); row < batch.numRows; row++)
        if (isInShard(shard, file, firstRow + row)) kept.push(row);
      const next = { row: firstRow + batch.numRows, mark: { batch: number + 1, row: firstRow + batch.numRows } };
      if (kept.length > 0) {
        const read = columns.map(({ name, kind }) => {
          const column = columnOfVector(library, batch.getChild(name) as Arrow.Vector, kind);
          return [name, kept.length === batch.numRows ? column : pick(column, kept)] as const;
        });
        const rows = kept.map((row) => firstRow + row);
        yield { columns: new Map(read), rows, rejected: [], mark: { batch: number, row: firstRow }, next };
      }
      firstRow = next.row;
    }
  }

  return {
    columns: async (path, signal) => {
      for await (const columns of opened(path, { from: 0, signal }, (batches) => look(batches, path))) return columns;
      return [];
    },
    scan: (path, options) => {
      const from = (options.mark as Mark | undefined)?.batch ?? 0;
      return opened(path, { from, signal: options.signal }, (batches) => scan(batches, options));
    },
  };
}

function refuseDuplicates(schema: Arrow.Schema, path: string): void {
  const names = schema.fields.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined)
    throw new SourceError({
      where: path,
      expected: 'columns with names of their own',
      found: `${quote(twice)}, twice`,
    });
}
