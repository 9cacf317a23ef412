import { z } from 'zod';

const every = z.number().int().positive().optional();

export const evaluateSchema = z
  .strictObject({
    from: z.union([z.string(), z.array(z.string()).min(1)]).describe('The source that is evaluated on, or several.'),
    everyEpochs: every.describe(
      'Evaluates after so many epochs; after each, when neither this nor everySteps is given.',
    ),
    everySteps: every.describe('Evaluates after so many steps.'),
    batch: z.number().int().positive().default(512).describe('Rows that are predicted at once.'),
  })
  .describe('Losses and metrics over labelled rows that are not trained on.');

export const checkpointSchema = z
  .strictObject({
    directory: z
      .string()
      .min(1)
      .optional()
      .describe(
        'The run folder: manifest, metrics, checkpoints, predictions, report. `runs/` and the name, when left out.',
      ),
    everySteps: every.describe('Keeps a checkpoint after so many steps.'),
    everyEpochs: every.describe('Keeps a checkpoint after so many epochs; after each, when neither is given.'),
    keep: z.number().int().min(2).default(3).describe('How many checkpoints are kept: the newest ones.'),
  })
  .describe('Where a run is kept, and how often what it goes on from.');

export const metricsSchema = z
  .strictObject({
    port: z.number().int().min(0).max(65_535).describe('Port of the server.'),
    host: z.string().default('127.0.0.1').describe('Address that it listens on; only this machine, when left out.'),
  })
  .describe(
    'Where metrics are served to Prometheus while the daemon runs. Training from the command line serves none.',
  );

export type EvaluateConfig = z.output<typeof evaluateSchema>;
export type CheckpointConfig = z.output<typeof checkpointSchema>;
export type MetricsConfig = z.output<typeof metricsSchema>;
