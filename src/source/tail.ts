import { z } from 'zod';
import { placeOf } from '../core/config.ts';
import { plugin } from '../core/plugin.ts';
import type { SourceContext } from './context.ts';
import { choosing } from './duckdb/stage.ts';
import { fileFields, lineFields, sqlFields } from './file/fields.ts';
import { kindsField, lineReader } from './ndjson.ts';
import type { TableSource } from './source.ts';
import { tailSource } from './tail/source.ts';

/**
 * Records of a file that grows by lines of JSON, and of those that were put aside before it. Without end. Only whole lines
 * are read. A place is known by what stands before it, so that it is found again when files have got other names.
 */
export const tail = plugin({
  type: 'tail',
  summary: 'Records of a file that grows by lines of JSON, as logs do.',
  fields: z.object({
    path: z.string().min(1).describe('The file that is written to. It need not be there yet.'),
    rotated: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Names of files beside it that were put aside, by renaming or copying, oldest first: those like x.ndjson.1, x.ndjson.2.gz or x.ndjson-20240501, when left out.',
      ),
    quietMs: z
      .number()
      .min(0)
      .default(1000)
      .describe('A file that was put aside is left when nothing was added to it for so long.'),
    pollMs: z
      .number()
      .positive()
      .default(1000)
      .describe('How often it is looked at where the system does not tell of changes.'),
    columns: fileFields.columns,
    shard: fileFields.shard,
    chunkRows: fileFields.chunkRows,
    ...sqlFields,
    ...lineFields,
    kinds: kindsField,
  }),
  main: 'path',
  example: { path: '/var/log/app/samples.ndjson', kinds: { id: 'text', x: 'numbers', toxic: 'number' } },
  build: (config, context: SourceContext): TableSource => {
    const { where, derive } = config;
    const at = context.where ?? context.name;
    const choice = { where, derive, placeOf: (option: readonly string[]) => placeOf(option, at) };
    return tailSource(config, context, choosing(lineReader(config), 'a file of JSON lines', choice));
  },
});
