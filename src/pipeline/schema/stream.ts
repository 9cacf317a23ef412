import { z } from 'zod';

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
    route: z
      .array(
        z.strictObject({
          source: z.string().optional().describe('Pattern of the sources that a row may be from.'),
          heads: z.string().describe('Pattern of the heads that it may train; `!*` is none.'),
        }),
      )
      .default([])
      .describe('Which heads rows may train: the first rule that fits a row decides. Every head, where none does.'),
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
