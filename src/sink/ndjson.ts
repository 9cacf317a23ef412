import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { AppendFile } from './append-file.ts';
import { jsonLine } from './json.ts';
import { checkRow, pathOf, type SinkContext, type SinkRow } from './row.ts';
import type { Sink } from './sink.ts';

/** A line of JSON for each row. Its place is a number of bytes. */
export const ndjson = plugin({
  type: 'ndjson',
  summary: 'Rows as lines of JSON, one object each.',
  main: 'path',
  fields: z.object({ path: z.string().min(1).describe('The file; what it has is kept, and added to.') }),
  example: { path: 'predictions.ndjson' },
  build: async ({ path }, context: SinkContext): Promise<Sink<SinkRow>> => {
    const file = await AppendFile.open(pathOf(path, context));
    const kinds = new Map(context.columns.map(({ name, kind }) => [name, kind]));
    return {
      name: file.path,
      get place() {
        return file.place;
      },
      write: async (row) => {
        checkRow(row, kinds, context.where);
        const ordered = context.columns.map(({ name, kind }) => [name, written(row[name], kind)]);
        await file.append(jsonLine(Object.fromEntries(ordered)));
      },
      flush: () => file.flush(),
      truncate: (place) => file.truncate(place),
      close: () => file.close(),
    };
  },
});

function written(value: unknown, kind: string): unknown {
  if (value === undefined || value === null) return null;
  return kind === 'time' ? new Date(value as number).toISOString() : value;
}
