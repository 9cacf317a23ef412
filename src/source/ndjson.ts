import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { SourceError } from '../core/error.ts';
import type { Fault } from '../core/fault.ts';
import { type Parsed, parseRecord } from '../core/json.ts';
import { plugin } from '../core/plugin.ts';
import type { SourceContext } from './context.ts';
import { choosing } from './duckdb/stage.ts';
import { bytesOf, type FilePart } from './file/bytes.ts';
import { fileFields, lineFields, sqlFields } from './file/fields.ts';
import { handOn, type Part } from './file/hand-on.ts';
import type { FileReader, Scanned, ScanOptions } from './file/reader.ts';
import { type Block, blocksOf, type Mark } from './file/record.ts';
import { fileSource } from './file/source.ts';
import { columnsOfRecords, sortRecords } from './record/sort.ts';
import type { TableColumn, TableSource } from './source.ts';

const kindSchema = z.enum(['number', 'text', 'numbers', 'texts', 'mixed']);
/** What columns are, where lines do not say it. */
export const kindsField = z
  .record(z.string(), kindSchema)
  .default({})
  .describe('Kinds of columns, { rare: number }: of those that the first lines do not have, or have otherwise.');
const begin: Mark = { byte: 0, row: 0, line: 1 };
const sampleRows = 10_000;
/** Bytes of lines that are parsed before others get their turn: a few milliseconds. */
const turnBytes = 1 << 18;

interface LineOptions {
  readonly kinds: Readonly<Record<string, TableColumn['kind']>>;
  readonly lineBytes: number;
  readonly maxBytes: number;
}

/** Records of files with one object of JSON in each line, also packed by gzip. A line that is none is rejected alone. */
export const ndjson = plugin({
  type: 'ndjson',
  summary: 'Records of files with an object of JSON in each line, also packed by gzip.',
  fields: z.object({
    ...fileFields,
    ...sqlFields,
    ...lineFields,
    kinds: kindsField,
  }),
  main: 'path',
  example: { path: 'data/samples-*.ndjson.gz', kinds: { rare: 'number' } },
  build: (config, context: SourceContext): TableSource =>
    fileSource(config, context, ({ placeOf }) => {
      const { where, derive } = config;
      return choosing(lineReader(config), 'a file of JSON lines', { where, derive, placeOf });
    }),
});

/** Reads files with an object of JSON in each line. */
export function lineReader({ kinds, lineBytes, maxBytes }: LineOptions): FileReader {
  const blocks = (path: string, from: Mark, signal: AbortSignal | undefined, part?: FilePart): AsyncGenerator<Block> =>
    blocksOf(bytesOf(path, { from: from.byte, maxBytes, signal, part }), { from, lineBytes });

  // The columns of the first file hold for all: what a record does not have is null.
  let known: readonly TableColumn[] | undefined;
  const columns = async (path: string, signal?: AbortSignal): Promise<readonly TableColumn[]> => {
    if (known !== undefined) return known;
    for await (const block of blocks(path, begin, signal)) {
      const records = [...block.starts.keys()].slice(0, sampleRows).filter((record) => !block.faults.has(record));
      const values = records.flatMap((record) => {
        const parsed = parse(block, record);
        return 'value' in parsed ? [parsed.value] : [];
      });
      const found = columnsOfRecords(values, kinds);
      if (found.length === 0) break;
      known = found;
      return found;
    }
    throw new SourceError({
      where: path,
      expected: 'lines with an object of JSON each',
      found: 'none at its beginning',
    });
  };

  async function* scan(path: string, options: ScanOptions): AsyncGenerator<Scanned> {
    const from = (options.mark as Mark | undefined) ?? begin;
    for await (const block of blocks(path, from, options.signal, options.part)) {
      if (block.next.row <= options.from && block.next.row > block.mark.row) continue;
      const parts: Part[] = [];
      const faults = new Map<number, Fault>(block.faults);
      for (let first = 0; first < block.starts.length; ) {
        let end = first;
        const limit = (block.starts[first] as number) + turnBytes;
        while (end < block.starts.length && (block.starts[end] as number) < limit) end++;
        parts.push(partOf(block, first, end, faults, options));
        first = end;
        await nextTurn();
      }
      yield* handOn(path, block, parts, faults, options);
    }
  }

  return {
    columns,
    scan,
    declared: async () => {
      if (Object.keys(kinds).length > 0) known ??= columnsOfRecords([], kinds);
      return known;
    },
    adopt: (before) => {
      known = before;
    },
  };
}

/** Records `first` up to `end` of a block; those that are none go to the faults. */
function partOf(
  block: Block,
  first: number,
  end: number,
  faults: Map<number, Fault>,
  { from, columns }: ScanOptions,
): Part {
  const records: number[] = [];
  const values: unknown[] = [];
  for (let record = Math.max(first, from - block.mark.row); record < end; record++) {
    if (faults.has(record)) continue;
    const parsed = parse(block, record);
    if ('fault' in parsed) faults.set(record, parsed.fault);
    else {
      records.push(record);
      values.push(parsed.value);
    }
  }
  const sorted = sortRecords(values, columns);
  for (const [at, fault] of sorted.faults) faults.set(records[at] as number, fault);
  return { columns: sorted.columns, records: sorted.records.map((at) => records[at] as number) };
}

function parse({ bytes, starts, ends, mark }: Block, record: number): Parsed {
  const text = bytes.toString('utf8', starts[record], ends[record]);
  // A byte order mark is no part of the text.
  return parseRecord(mark.byte === 0 && record === 0 ? text.replace(/^\uFEFF/, '') : text);
}
