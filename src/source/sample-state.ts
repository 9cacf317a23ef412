import { z } from 'zod';
import type { Json } from '../core/chunk.ts';
import { SourceError } from '../core/error.ts';
import type { TableColumn, TableSource } from './source.ts';

const column = z.strictObject({
  name: z.string(),
  kind: z.enum(['number', 'text', 'bytes', 'numbers', 'texts', 'mixed']),
  type: z.string(),
});

/** What samples remember in a checkpoint: what was learned of the training source, and the columns that were read. */
export const savedState = z.strictObject({
  features: z.record(z.string(), z.json()),
  labels: z
    .strictObject({
      scales: z.record(z.string(), z.strictObject({ mean: z.array(z.number()), scale: z.array(z.number()) })),
      heads: z.array(z.string()).nullable(),
    })
    .nullable(),
  columns: z.array(column).optional(),
});

/** The columns that samples were made of, as their state has them; undefined where it has none. */
export function rememberedColumns(state: Json | undefined): readonly TableColumn[] | undefined {
  const parsed = savedState.safeParse(state);
  return parsed.success ? parsed.data.columns : undefined;
}

/**
 * The columns of a table; those that are remembered where it is not there any more, until rows of it are asked for.
 * @throws SourceError when the table can't be asked, and nothing is remembered
 */
export async function columnsOf(
  table: TableSource,
  remembered: readonly TableColumn[] | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly TableColumn[]> {
  try {
    return await table.columns(signal);
  } catch (error) {
    if (remembered === undefined || !(error instanceof SourceError)) throw error;
    return remembered;
  }
}
