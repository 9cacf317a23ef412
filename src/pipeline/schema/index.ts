import { z } from 'zod';
import { shortFormSchema } from '../../core/short-form.ts';
import { engines } from '../../engine/index.ts';
import { merges } from '../../merge/index.ts';
import { optimizers } from '../../optimizer/index.ts';
import { modelSchema } from '../model/schema.ts';
import { checkpointSchema, evaluateSchema, guardSchema, httpSchema, logSchema, metricsSchema } from './run.ts';
import { sourcesSchema } from './source.ts';
import { streamSchema } from './stream.ts';

/** All that can be said of a pipeline, whatever it is written in. */
export const pipelineSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]*$/)
    .describe('What the pipeline is called: letters, digits, `.`, `_` and `-`.'),
  seed: z.number().int().default(0).describe('Seed of first values, random masks and the order of rows.'),
  sources: sourcesSchema,
  stream: streamSchema,
  model: modelSchema.describe('What is trained: a trunk, branches and heads.'),
  merge: shortFormSchema(merges).prefault('sum').describe("How the heads' losses become one step."),
  optimizer: shortFormSchema(optimizers).prefault('adam').describe('How parameters follow their gradients.'),
  evaluate: evaluateSchema.optional(),
  checkpoint: checkpointSchema.prefault({}),
  guard: guardSchema.prefault({}),
  engine: shortFormSchema(engines).prefault('onnx-cpu').describe('What computes.'),
  http: httpSchema.optional(),
  metrics: metricsSchema.optional(),
  log: logSchema.prefault({}),
  journal: z
    .string()
    .min(1)
    .optional()
    .describe('File that says which step learned from which samples, by their ids: a line for each step.'),
  deadLetter: z
    .string()
    .min(1)
    .optional()
    .describe(
      'File of records that could not be used, with the reason; dead-letters.ndjson in the run folder when left out.',
    ),
});

/** What a user writes. */
export type PipelineInput = z.input<typeof pipelineSchema>;
/** A checked pipeline, defaults filled in. */
export type PipelineConfig = z.output<typeof pipelineSchema>;

/** The options at the top, in their order. */
export const pipelineOptions = Object.keys(pipelineSchema.shape);

/** A pipeline in TypeScript: gives the configuration back, its type checked. */
export function definePipeline(config: PipelineInput): PipelineInput {
  return config;
}
