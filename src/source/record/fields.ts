import type { z } from 'zod';
import { fileFields } from '../file/fields.ts';

/** Options of every source whose rows have numbers. */
export const rowFields = { shard: fileFields.shard, chunkRows: fileFields.chunkRows } satisfies Record<
  string,
  z.ZodType
>;
