import { z } from 'zod';
import { shortFormSchema } from '../../core/short-form.ts';
import { checkWithin } from '../../core/zod-issue.ts';
import { denominators, losses } from '../../loss/index.ts';
import { metrics } from '../../metric/index.ts';
import { mergeModes, prequentialField } from '../../model/index.ts';
import { layersSchema } from './layers.ts';

const shape = z.array(z.number().int().min(-1)).describe('Of one sample; −1 first for sequences of any length.');

const inputSchema = z.union([
  shape,
  z.strictObject({
    shape,
    dtype: z
      .enum(['float32', 'int32'])
      .default('float32')
      .describe('int32 for ids that are looked up in an embedding.'),
  }),
]);

const from = z
  .string()
  .describe('What it begins from: an input, the trunk, a branch, a merge, or a layer with a name in one of them.');

const headLayers = {
  from: from.optional().describe('What the head begins from; the trunk when left out, or the only input.'),
  layers: layersSchema.default([]).describe('Layers of each head, one after the other.'),
};

const headOptions = {
  weight: z.number().min(0).default(1).describe('Factor of the loss in the merged one.'),
  denominator: z
    .enum(denominators)
    .default('present')
    .describe(
      'What the summed loss is divided by: the rows with a label (present), all rows (batch), or rows × running label rate (ema).',
    ),
  metrics: z.array(shortFormSchema(metrics)).default([]).describe('What is measured when evaluating.'),
  prequential: prequentialField,
  learningRate: z.number().min(0).default(1).describe('Factor of the learning rate of what only this head uses.'),
  frozen: z.boolean().default(false).describe('Whether what only this head uses stays as it is.'),
  trainingOnly: z
    .boolean()
    .default(false)
    .describe('Whether the head exists only while training, as auxiliary heads in mid-trunk do.'),
};

const loss = shortFormSchema(losses);

const headSchema = z
  .strictObject({
    columns: z
      .string()
      .optional()
      .describe('A head for each label that this pattern means: `NR-*|SR-*`. Either this, or `name`.'),
    name: z.string().optional().describe('The label of a single head. Either this, or `columns`.'),
    ...headLayers,
    loss: loss.optional().describe('What the head is trained for. Without, it is predicted and not trained.'),
    ...headOptions,
  })
  .refine(({ columns, name }) => (columns === undefined) !== (name === undefined), {
    error: "either 'columns' or 'name'",
    params: { hint: "columns: 'NR-*' makes a head for each label it means, name: a single one" },
  });

const templateSchema = z.strictObject({
  columns: z
    .string()
    .default('*')
    .describe(
      'Names that may become heads, by a pattern. A head that was made and is not meant any more is retired: `!old-*`.',
    ),
  ...headLayers,
  loss: loss.describe('What the heads are trained for.'),
  ...headOptions,
});

const headListSchema = z.array(headSchema);

const openHeadsSchema = z.strictObject({
  auto: templateSchema.describe('The template of heads that are made when labels of them come.'),
  max: z.number().int().positive().max(10_000).describe('How many heads there may be that were made so.'),
  named: headListSchema.default([]).describe('Heads that there are from the beginning.'),
});

/** A list of heads, or a template with or without such a list. */
const headsSchema = z
  .unknown()
  .transform((input, context): Heads => {
    if (Array.isArray(input)) return { named: checkWithin(headListSchema.min(1), input, context) };
    return checkWithin(openHeadsSchema, input, context);
  })
  .meta({
    get anyOf() {
      return [headListSchema.min(1), openHeadsSchema].map((schema) => {
        const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
        return rest;
      });
    },
  }) as unknown as z.ZodType<Heads, z.input<typeof headListSchema> | z.input<typeof openHeadsSchema>>;

const chainSchema = z.strictObject({
  from: from.optional().describe('What it begins from; the only input, when left out.'),
  layers: layersSchema.default([]).describe('Layers, one after the other.'),
});

const branchSchema = chainSchema.extend({
  from: from.optional().describe('What it begins from; the trunk, when left out, or the only input.'),
});

const mergeSchema = z.strictObject({
  from: z.array(from).min(2).describe('What is joined.'),
  mode: z.enum(mergeModes).default('concat').describe('How it is joined.'),
  layers: layersSchema.default([]).describe('Layers after it.'),
});

/** The `model` of a pipeline. */
export const modelSchema = z.strictObject({
  inputs: z
    .record(z.string(), inputSchema)
    .optional()
    .describe('Shapes of the features, to be checked against what the source gives; taken from there when left out.'),
  trunk: z
    .union([layersSchema, chainSchema])
    .optional()
    .describe('The layers that heads share: a list, or `{ from, layers }`.'),
  branches: z.record(z.string(), branchSchema).default({}).describe('Branches by name: layers after a fork.'),
  merges: z.record(z.string(), mergeSchema).default({}).describe('Merges by name: several branches joined to one.'),
  heads: headsSchema.describe(
    'The ends of the model, each with what it is trained for: a list, or `{ auto, max, named }` where labels of heads that there are none of make them.',
  ),
});

/** Parts of a model by where they stand, for the reference page. */
export const modelParts = {
  model: modelSchema,
  'model.trunk': chainSchema,
  'model.branches.<name>': branchSchema,
  'model.merges.<name>': mergeSchema,
  'model.heads[]': headSchema,
  'model.heads': openHeadsSchema,
  'model.heads.auto': templateSchema,
} as const;

export type ModelConfig = z.output<typeof modelSchema>;
/** A head, or those that a pattern means. @property isMade whether it was made from the template */
export type HeadConfig = z.output<typeof headSchema> & { readonly isMade?: true };
export type TemplateConfig = z.output<typeof templateSchema>;

export interface Heads {
  readonly named: readonly HeadConfig[];
  readonly auto?: TemplateConfig;
  readonly max?: number;
}

/** What a user writes as `model`. */
export type ModelInputConfig = z.input<typeof modelSchema>;
