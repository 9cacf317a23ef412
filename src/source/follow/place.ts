import { z } from 'zod';
import type { Json } from '../../core/chunk.ts';
import { SourceError } from '../../core/error.ts';
import { formatValue, quote } from '../../core/format.ts';
import type { Arrivals } from './arrivals.ts';

/** Where reading goes on: a row of the file that was begun as the `file`-th, or before one that was not begun yet. */
export interface Place {
  readonly file: number;
  readonly row: number;
  readonly mark?: Json | undefined;
}

const positionSchema = z.strictObject({
  file: z.int().min(0),
  row: z.int().min(0),
  name: z.string().optional(),
  mark: z.json().optional(),
});

/** @throws SourceError when it is no position, or one in other files than those that were begun here */
export function placeFrom(from: unknown, arrivals: Arrivals, source: string): Place {
  if (from === undefined) return { file: 0, row: 0 };
  const parsed = positionSchema.safeParse(from);
  if (!parsed.success)
    throw new SourceError({ where: source, expected: 'a position of files: { file, row }', found: formatValue(from) });
  const { file, row, name, mark } = parsed.data;
  const found = arrivals.at(file)?.name;
  if (file > arrivals.length || (name !== undefined && found !== name))
    throw new SourceError({
      where: source,
      expected:
        name === undefined ? `${file} files that were begun` : `${quote(name)} as file ${file + 1} that was begun`,
      found: found === undefined ? `${arrivals.length} in the run folder` : quote(found),
      hint: 'the order of files is kept in the run folder, under arrivals: go on in the folder of the run',
    });
  return { file, row, mark };
}
