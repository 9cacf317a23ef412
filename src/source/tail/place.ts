import { z } from 'zod';
import { SourceError } from '../../core/error.ts';
import { formatValue } from '../../core/format.ts';

const positionSchema = z.strictObject({
  /** What the file is known by; null before one was begun that changed later than `changedMs`. */
  head: z.string().nullable(),
  /** What the bytes before the place are known by. */
  before: z.string(),
  changedMs: z.number(),
  row: z.int().min(0),
  mark: z.strictObject({
    byte: z.int().min(0),
    row: z.int().min(0),
    line: z.int().min(1),
    inLine: z.boolean().optional(),
  }),
});

/** Where reading goes on, in whichever file now has what was read before it. */
export type TailPlace = z.output<typeof positionSchema>;

export const beginning: Pick<TailPlace, 'row' | 'mark'> = { row: 0, mark: { byte: 0, row: 0, line: 1 } };

/** @throws SourceError when it is no position */
export function tailPlaceFrom(from: unknown, source: string): TailPlace | undefined {
  if (from === undefined) return undefined;
  const parsed = positionSchema.safeParse(from);
  if (parsed.success) return parsed.data;
  throw new SourceError({
    where: source,
    expected: 'a position of a file that grows: { head, before, row, mark }',
    found: formatValue(from),
  });
}
