import { z } from 'zod';
import { fileFields, lineFields, sqlFields } from '../file/fields.ts';

/** Options of files of lines with fields, but for what parts the fields. */
export const csvFields = {
  ...fileFields,
  ...sqlFields,
  ...lineFields,
  header: z.boolean().default(true).describe('Whether the first line holds the names of the columns.'),
  names: z.array(z.string().min(1)).min(1).optional().describe('Names of the columns, instead of those in the file.'),
  nullText: z
    .union([z.string(), z.array(z.string()).min(1)])
    .transform((value) => [value].flat())
    .default([''])
    .describe("Texts that mean that there is no value: ['', 'NA']."),
  types: z
    .record(z.string(), z.string().regex(/^[A-Za-z_]+(\(\d+(, *\d+)?\))?$/))
    .default({})
    .describe('SQL types of columns, { id: VARCHAR }, instead of those that the first rows have.'),
};
