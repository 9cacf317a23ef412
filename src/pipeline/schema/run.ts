import { z } from 'zod';
import { logLevels } from '../../core/log-level.ts';

const every = z.number().int().positive().optional();

export const evaluateSchema = z
  .strictObject({
    from: z.union([z.string(), z.array(z.string()).min(1)]).describe('The source that is evaluated on, or several.'),
    everyEpochs: every.describe(
      'Evaluates after so many epochs; after each, when neither this nor everySteps is given.',
    ),
    everySteps: every.describe('Evaluates after so many steps.'),
    batch: z.number().int().positive().default(512).describe('Rows that are predicted at once.'),
    plateau: z
      .strictObject({
        heads: z.string().default('*').describe('Pattern of the heads that are looked at.'),
        patience: z.number().int().min(0).default(3).describe('Evaluations without progress that are put up with.'),
        threshold: z
          .number()
          .min(0)
          .lt(1)
          .default(1e-3)
          .describe('Share by which the loss must fall to count as progress.'),
        action: z
          .enum(['reduce', 'freeze'])
          .default('reduce')
          .describe(
            'Multiplies the learning rate of what only that head uses by `factor`, or leaves that as it is from then on.',
          ),
        factor: z.number().gt(0).lt(1).default(0.1).describe('What is left of the learning rate at each fall.'),
      })
      .optional()
      .describe('What becomes of a head whose loss on the first source falls no more. Nothing, when left out.'),
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
    everyEpochs: every.describe('Keeps a checkpoint after so many epochs; after each, when nothing else is given.'),
    everyMinutes: z.number().positive().optional().describe('Keeps a checkpoint after so much time.'),
    keep: z.number().int().min(2).default(3).describe('How many checkpoints are kept: the newest ones.'),
    keepEvery: every.describe('Besides the newest ones, one in every so many steps is kept for good.'),
  })
  .describe('Where a run is kept, and how often what it goes on from.');

export const guardSchema = z
  .strictObject({
    notFinite: z
      .number()
      .int()
      .min(0)
      .default(10)
      .describe('Training pauses after so many batches in a row of which no loss or gradient was finite; 0 for never.'),
    spike: z
      .strictObject({
        factor: z
          .number()
          .positive()
          .default(20)
          .describe('A loss is a spike when it is above the usual one by so many times its usual distance from that.'),
        window: z
          .number()
          .int()
          .positive()
          .default(200)
          .describe('Steps of a head over which that is taken, about; its first ones can be no spikes.'),
        goBackAfter: z
          .number()
          .int()
          .min(0)
          .default(10)
          .describe('After so many spikes of a head in a row the model goes back to the last checkpoint; 0 for never.'),
      })
      .optional()
      .describe('A head whose loss is a spike is left out of the step. All are trained on, when left out.'),
  })
  .describe('What ends training that leads nowhere.');

export const metricsSchema = z
  .strictObject({
    port: z.number().int().min(0).max(65_535).describe('Port of the server; 0 for any that is free.'),
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe('Address that it listens on; only this machine, when left out.'),
  })
  .describe(
    'Where Prometheus finds metrics (`/metrics`), and others how the pipeline is doing (`/livez`, `/readyz`, `/v1/status`), while it is trained. Nothing is changed there.',
  );

const predictSchema = z
  .strictObject({
    records: z.number().int().positive().default(1024).describe('Records of a request.'),
    bodyBytes: z
      .number()
      .int()
      .positive()
      .default(8 * 2 ** 20)
      .describe('Bytes of a request, unpacked.'),
    backlogRows: z.number().int().positive().default(8192).describe('Records that wait. Beyond it the answer is 429.'),
  })
  .prefault({})
  .describe('What is predicted at a time.');

export const httpSchema = z
  .strictObject({
    port: z.number().int().min(0).max(65_535).default(9470).describe('Port of the server; 0 for any that is free.'),
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe('Address that it listens on; only this machine, when left out.'),
    token: z
      .string()
      .min(16)
      .optional()
      .describe(
        'What others must send to change anything, or have it predicted, as `Authorization: Bearer …`: `${TRUNKLINE_TOKEN}`. Needed where host is not this machine.',
      ),
    predict: predictSchema,
  })
  .describe(
    'Where the pipeline is steered and asked for predictions while it is trained, and sources of type http are sent to. Without it there is no server, unless there are such sources.',
  );

export const logSchema = z
  .strictObject({
    level: z.enum(logLevels).default('info').describe('What is logged: each level with those before it.'),
  })
  .describe('What `trunkline run --log` writes of the pipeline. It may be changed while the pipeline is trained.');

export type EvaluateConfig = z.output<typeof evaluateSchema>;
export type CheckpointConfig = z.output<typeof checkpointSchema>;
export type HttpConfig = z.output<typeof httpSchema>;
export type MetricsConfig = z.output<typeof metricsSchema>;
