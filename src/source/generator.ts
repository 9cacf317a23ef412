import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import type { SourceContext } from './context.ts';
import { Assay } from './record/assay.ts';
import { rowFields } from './record/fields.ts';
import { type Random, randomOf } from './record/random.ts';
import { type RowMedium, rowSource } from './record/row-source.ts';
import { columnsOfRecords, sortRecords } from './record/sort.ts';
import type { TableSource } from './source.ts';

/** Makes the record of a row: the same whenever it is asked for, if it draws from `random` alone. */
type MakeRecord = (row: number, random: Random) => unknown;

const share = z.number().min(0).max(1);
/** Records that are made to see which columns there are. */
const looked = 256;

/** Rows that are made up: samples of a panel of assays, or whatever a function makes. Each row depends on seed and number alone. */
export const generator = plugin({
  type: 'generator',
  summary: 'Rows that are made up: samples of a panel of assays, or whatever a function makes.',
  fields: z
    .object({
      rows: z.int().min(0).optional().describe('How many rows; without end when left out.'),
      first: z
        .int()
        .min(0)
        .default(0)
        .describe(
          'Number of the first row: with the same seed, rows of other numbers are other samples of the same truth.',
        ),
      seed: z.int().default(0).describe('Decides about everything.'),
      record: z
        .custom<MakeRecord>((value) => typeof value === 'function', { message: 'a function of row and random' })
        .optional()
        .describe('In programs: (row, random) => record, instead of samples of assays.'),
      size: z.int().min(1).default(64).describe('How many numbers a sample has, in column x.'),
      heads: z
        .int()
        .min(1)
        .default(24)
        .describe('How many heads, in columns head01, head02, … (head1, … of up to nine).'),
      missing: z
        .union([share, z.array(share).min(1)])
        .default(0.7)
        .describe('Share of labels that are unknown: of every head, or a list with that of each.'),
      noise: z
        .number()
        .min(0)
        .default(0.05)
        .describe('Share of labels that are wrong; of values, deviation of the noise in deviations of the truth.'),
      task: z.enum(['binary', 'value']).default('binary').describe('Labels that are 0 or 1, or numbers.'),
      truth: z.boolean().default(false).describe('Adds columns truth01, truth02, … without noise, never unknown.'),
      ...rowFields,
    })
    .check(({ value, issues }) => {
      if (typeof value.missing !== 'number' && value.missing.length !== value.heads)
        issues.push({
          code: 'custom',
          input: value.missing,
          path: ['missing'],
          message: `a share for each of ${value.heads} heads`,
        });
      if (value.task === 'binary' && value.noise > 1)
        issues.push({ code: 'custom', input: value.noise, path: ['noise'], message: 'a share, at most 1' });
    }),
  example: { rows: 20_000, size: 64, heads: 24, missing: 0.7, seed: 7 },
  build: (
    { rows = Number.POSITIVE_INFINITY, first, shard, chunkRows, record, ...options },
    { name }: SourceContext,
  ) => {
    const medium =
      record === undefined ? assayMedium(new Assay(options), first) : recordMedium(record, options.seed, first, rows);
    return rowSource({ ...medium, rows }, { name, shard, chunkRows }) satisfies TableSource;
  },
});

function assayMedium(assay: Assay, first: number): Omit<RowMedium, 'rows'> {
  const read = (rows: readonly number[]) => assay.read(rows.map((row) => row + first));
  return {
    columns: () => assay.columns(),
    read: (rows) => ({ columns: read(rows), records: [...rows.keys()], faults: new Map() }),
    record: (row) => row,
  };
}

function recordMedium(make: MakeRecord, seed: number, first: number, rows: number): Omit<RowMedium, 'rows'> {
  const record = (row: number): unknown => make(row + first, randomOf(seed, row + first));
  let columns: ReturnType<typeof columnsOfRecords> | undefined;
  return {
    columns: () => {
      columns ??= columnsOfRecords(Array.from({ length: Math.min(looked, rows) }, (_, row) => record(row)));
      return columns;
    },
    read: (numbers, wanted) => sortRecords(numbers.map(record), wanted),
    record,
  };
}
