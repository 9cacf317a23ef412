import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { AppendFile } from './append-file.ts';
import { jsonLine } from './json.ts';
import { checkRow, pathOf, type SinkContext, type SinkKind, type SinkRow } from './row.ts';
import type { Sink } from './sink.ts';

/**
 * Rows of text, separated by commas. Null is nothing, an empty text is `""`, a list is JSON. Its place is a number of
 * bytes.
 * @see RFC 4180. Deviates: lines end in a line feed alone.
 */
export const csv = plugin({
  type: 'csv',
  summary: 'Rows as text, separated by commas, below a line with the names of the columns.',
  main: 'path',
  fields: z.object({
    path: z.string().min(1).describe('The file; what it has is kept, and added to.'),
    separator: z
      .string()
      .length(1)
      .regex(/[^"\n\r]/)
      .default(',')
      .describe('What stands between values; a tab makes it TSV.'),
  }),
  example: { path: 'predictions.csv' },
  build: async ({ path, separator }, context: SinkContext): Promise<Sink<SinkRow>> => {
    const file = await AppendFile.open(pathOf(path, context));
    const { columns, where } = context;
    const kinds = new Map(columns.map(({ name, kind }) => [name, kind]));
    const header = columns.map(({ name }) => quoted(name, separator)).join(separator);
    return {
      name: file.path,
      get place() {
        return file.place;
      },
      write: async (row) => {
        checkRow(row, kinds, where);
        const line = columns.map(({ name, kind }) => cell(row[name], kind, separator)).join(separator);
        // A line that is empty would be skipped by readers.
        const added = line === '' ? '""' : line;
        await file.append(file.isEmpty ? `${header}\n${added}` : added);
      },
      flush: () => file.flush(),
      truncate: (place) => file.truncate(place),
      close: () => file.close(),
    };
  },
});

function cell(value: unknown, kind: SinkKind, separator: string): string {
  if (value === null || value === undefined) return '';
  if (kind === 'time') return new Date(value as number).toISOString();
  if (typeof value === 'string') return quoted(value, separator);
  return typeof value === 'object' ? quoted(jsonLine(value), separator) : String(value);
}

function quoted(text: string, separator: string): string {
  const needs = text === '' || text.includes(separator) || /["\n\r]|^\s|\s$/.test(text);
  return needs ? `"${text.replaceAll('"', '""')}"` : text;
}
