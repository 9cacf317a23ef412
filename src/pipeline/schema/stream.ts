import { z } from 'zod';
import { durationSchema } from '../../core/duration.ts';
import { parquet } from '../../sink/parquet.ts';

const rows = z.number().int().positive();

const sourceName = z.string().describe('The name of a source.');

/** How samples get from their sources into steps. */
export const streamSchema = z
  .strictObject({
    from: z
      .union([sourceName, z.record(z.string(), z.number().positive())])
      .describe(
        'The source that is trained on; or several, each with how often rows of it come: `{ old: 1, new: 3 }`.',
      ),
    join: z
      .strictObject({
        labels: z.string().describe('The source of the labels: it has an id and labels, and no features.'),
        ttl: durationSchema.describe(
          'How long samples wait for labels, and labels for their sample: `30s`, `15m`, `12h`, `7d`. An id is remembered for as long again.',
        ),
        maxItems: rows
          .default(1_000_000)
          .describe('Ids that something is kept of, at most: what would end first goes.'),
        maxBytes: z
          .number()
          .int()
          .positive()
          .default(4 * 2 ** 30)
          .describe('Bytes that are kept, at most, beside what a checkpoint may go back to.'),
        onLate: z
          .enum(['train', 'deadLetter', 'drop'])
          .default('drop')
          .describe("What becomes of a label whose sample's time is over; it is counted in any case."),
        time: z
          .enum(['event', 'processing'])
          .default('event')
          .describe('What `ttl` is measured by: the highest event time seen, or the clock.'),
        directory: z
          .string()
          .min(1)
          .optional()
          .describe('Folder of what waits; `join` in the run folder when left out.'),
      })
      .optional()
      .describe(
        'Labels come apart from their samples, which wait for them by id. Each label of a sample and head trains once.',
      ),
    route: z
      .array(
        z.strictObject({
          source: z.string().optional().describe('Pattern of the sources that a row may be from.'),
          tag: z.string().optional().describe('Pattern of tags, one of which its source must have.'),
          heads: z.string().describe('Pattern of the heads that it may train; `!*` is none.'),
        }),
      )
      .default([])
      .describe(
        'Which heads rows may train, by their source and its tags: the first rule that fits a row decides. Every head, where none does.',
      ),
    record: z
      .strictObject({
        ...parquet.fields.shape,
        path: z
          .string()
          .min(1)
          .describe('The folder; of this pipeline alone. Its parts are read as `<path>/*.parquet`.'),
      })
      .optional()
      .describe(
        'Samples are recorded as Parquet as they come, before they are mixed: what of them is trained on. A run that goes on records no row twice.',
      ),
    shuffle: z
      .union([
        rows,
        z.strictObject({
          rows: rows.describe('Rows of the window.'),
          seed: z.number().int().optional().describe("Seed of the order; the pipeline's when left out."),
          sizeBytes: z.number().int().positive().optional().describe('Bytes of the window, at most.'),
        }),
      ])
      .optional()
      .describe('Mixes rows in a window of so many rows. In their own order, when left out.'),
    reservoir: z
      .strictObject({
        rowsPerHead: rows.describe('Rows that are kept for each head.'),
        share: z.number().min(0).lt(1).describe('Share of the rows of a step that were kept and come once more.'),
        seed: z.number().int().optional().describe("Seed of what is kept; the pipeline's when left out."),
      })
      .optional()
      .describe(
        'Keeps a sample of rows for each head, and mixes it in again: heads that have become rare stay trained.',
      ),
    batch: z
      .union([
        rows,
        z.strictObject({
          rows: rows.describe('Rows of a step.'),
          timeLimitMs: z
            .number()
            .positive()
            .optional()
            .describe('A step with fewer rows is taken when its first row has waited so long.'),
          quota: z
            .record(z.string(), rows)
            .default({})
            .describe(
              'By pattern of heads: how many labels a step that has any should have, so that rare heads get enough.',
            ),
          keepUnlabelled: z
            .boolean()
            .default(false)
            .describe('Whether rows without any label are kept; otherwise they are counted and left out.'),
        }),
      ])
      .default(64)
      .describe('Rows of a step.'),
    epochs: z
      .union([z.number().int().positive(), z.literal('endless')])
      .default(1)
      .describe('How often the source is read.'),
    steps: z.number().int().positive().optional().describe('Training ends after so many steps, whatever the epochs.'),
  })
  .describe('How samples get from their sources into steps.');

export type StreamConfig = z.output<typeof streamSchema>;
