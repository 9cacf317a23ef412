import { z } from 'zod';
import type { Rejected, RejectedAt } from '../core/chunk.ts';
import { plugin } from '../core/plugin.ts';
import { AppendFile } from './append-file.ts';
import { jsonLine } from './json.ts';
import { pathOf, type SinkContext } from './row.ts';
import type { Sink } from './sink.ts';

/** What was rejected, and in which run and where of it, when that is known. */
export type DeadLetterRow = Rejected & { readonly run?: string; readonly at?: RejectedAt };

/** Rejected records with the reason why, a line of JSON each. Its place is a number of bytes. */
export const deadLetter = plugin({
  type: 'deadLetter',
  summary: 'Rejected records and labels, each with its reason, as lines of JSON.',
  main: 'path',
  fields: z.object({
    path: z.string().min(1).describe('The file; what it has is kept, and added to.'),
    records: z.boolean().default(true).describe('Whether the records themselves are written too.'),
  }),
  example: { path: 'dead-letters.ndjson' },
  build: async ({ path, records }, context: Omit<SinkContext, 'columns'>): Promise<Sink<DeadLetterRow>> => {
    const file = await AppendFile.open(pathOf(path, context));
    return {
      name: file.path,
      get place() {
        return file.place;
      },
      write: ({ reason, issue, head, id, record, run, at }) =>
        file.append(jsonLine({ reason, ...issue, head, id, run, at, ...(records && { record }) })),
      flush: () => file.flush(),
      truncate: (place) => file.truncate(place),
      close: () => file.close(),
    };
  },
});
