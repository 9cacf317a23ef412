import { z } from 'zod';
import type { Shard } from './row.ts';

const shardForm = /^(\d+)\/(\d+)$/;

/** `2/3`, checked and taken apart. */
export const shardSchema = z
  .string()
  .refine(
    (text) => {
      const [, part, of] = shardForm.exec(text) ?? [];
      return Number(part) >= 1 && Number(part) <= Number(of);
    },
    { message: 'a part out of equal parts, counted from 1, as 1/4' },
  )
  .transform((text): Shard => {
    const [part, of] = text.split('/').map(Number);
    return { part: part as number, of: of as number };
  });

/** One or several texts, as a list. */
const texts = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).transform((value) => [value].flat());

const followFields = z.strictObject({
  quietMs: z
    .number()
    .min(0)
    .default(2000)
    .describe(
      'A file is read when its size and time have not changed for so long. 0 when files come by renaming alone: then each is whole when it appears.',
    ),
  pollMs: z
    .number()
    .positive()
    .default(1000)
    .describe('How often the folder is looked into where the system does not tell of new files.'),
  columnsFrom: z
    .string()
    .min(1)
    .optional()
    .describe('A file with the columns, for when no other has come yet. Its rows are not read.'),
});

const followSchema = z
  .union([z.boolean(), followFields])
  .transform((value) => (value === true ? followFields.parse({}) : value === false ? undefined : value))
  .optional();

/** How a folder is watched. */
export type FollowOptions = z.output<typeof followFields>;

/** Options of every source of files. */
export const fileFields = {
  path: texts.describe(
    'A file, or several: *, ? and ** stand for parts of names. Files of one pattern are read by name.',
  ),
  columns: texts.optional().describe('Columns that are offered, by name or pattern: "NR-*|SR-*". All when left out.'),
  shard: shardSchema
    .optional()
    .describe('Reads one of several equal parts, counted from 1: 1/4. Rows are dealt out to them one by one.'),
  follow: followSchema.describe(
    'Whether files that are still to come are waited for: the source has no end. Each file is read once, by its name, in the order in which files were found; a restart repeats that order.',
  ),
  chunkRows: z.int().min(1).default(2048).describe('Most rows that are handed on at once.'),
};

/** Options of sources whose rows SQL may choose and compute from. */
export const sqlFields = {
  where: z.string().min(1).optional().describe('An SQL expression: only rows for which it is true are read.'),
  derive: z
    .record(z.string(), z.string().min(1))
    .default({})
    .describe('Columns computed by SQL expressions, by their names: { logDose: "ln(dose)" }.'),
};

/** Options of files of lines. */
export const lineFields = {
  lineBytes: z
    .int()
    .min(1)
    .max(256 << 20)
    .default(1 << 20)
    .describe('Longest line, in bytes. Longer ones are rejected.'),
  maxBytes: z
    .int()
    .min(1)
    .default(64 * 2 ** 30)
    .describe('The most bytes that a packed file (.gz) may hold once it is unpacked.'),
};
