import { z } from 'zod';
import { checkWithin } from '../core/zod-issue.ts';
import { featuresSchema } from '../feature/index.ts';
import { timeField } from './time.ts';

const classNames = z
  .array(z.union([z.string(), z.number(), z.boolean()]))
  .min(2)
  .refine((classes) => new Set(classes.map(String)).size === classes.length, { error: 'each class once' })
  .optional()
  .describe('What the values are called, in order: the first becomes 0, the second 1, and so on.');

/** What is said of labels, however they stand in the table. */
const labelOptions = {
  classes: classNames,
  missing: z
    .enum(['null', 'nan'])
    .default('null')
    .describe("What says that there is no label: null, or with 'nan' also NaN."),
  standardize: z
    .boolean()
    .default(false)
    .describe(
      'Whether labels are trained with mean 0 and standard deviation 1, in which losses and errors are; predictions are moved back.',
    ),
  log10: z
    .boolean()
    .default(false)
    .describe('Whether the logarithm of labels is trained, and scored; predictions are moved back.'),
  bounds: z
    .record(z.string(), z.union([z.literal(-1), z.literal(0), z.literal(1)]))
    .default({ '<': -1, '<=': -1, '=': 0, '>': 1, '>=': 1 })
    .describe('What the texts of a bound column mean: -1, the truth is below; 1, above; 0, it is the value.'),
};

const wideLabels = z
  .strictObject({
    columns: z.string().min(1).describe("The columns, by a pattern such as 'NR-*|SR-*': a head of each."),
    weight: z.string().optional().describe("The columns of the labels' weights, as '*_weight' with * for the head."),
    bound: z.string().optional().describe("The columns of the labels' bounds, as '*_bound' with * for the head."),
    ...labelOptions,
  })
  .describe('A head of each column.');

const namedLabel = z
  .strictObject({
    column: z.string().optional().describe("The label's column; the head's name when left out."),
    columns: z.string().optional().describe('Several columns, by a pattern: the numbers of one label.'),
    size: z.int().positive().optional().describe('How many numbers a label has, for a column of lists.'),
    weight: z.string().optional().describe("The column of the label's weight."),
    bound: z.string().optional().describe("The column of the label's bound."),
    ...labelOptions,
  })
  .refine(({ column, columns }) => column === undefined || columns === undefined, {
    error: "'column' or 'columns', not both",
  });

const namedLabels = z.record(z.string().min(1), namedLabel).describe('Heads by name.');

const longLabels = z
  .strictObject({
    head: z.string().min(1).describe('The column that says which head a row is a label of.'),
    value: z.string().min(1).describe('The column of the labels.'),
    bound: z.string().optional().describe("The column of the labels' bounds."),
    weight: z.string().optional().describe("The column of the labels' weights."),
    group: z
      .string()
      .optional()
      .describe(
        'A column that is the same in rows that follow each other and become one sample; shards have whole ones.',
      ),
    heads: z
      .array(z.string())
      .min(1)
      .optional()
      .describe(
        'The heads; those of the training source when left out. Where labels make heads, those that patterns of the model may mean.',
      ),
    others: z
      .enum(['reject', 'ignore'])
      .default('reject')
      .describe('Of labels of other heads, where none is made of them: reject them, or leave them out.'),
    ...labelOptions,
  })
  .describe('One label in each row.');

const { classes, missing, log10 } = labelOptions;

const mapLabels = z
  .strictObject({
    map: z
      .string()
      .min(1)
      .describe(
        'The column of objects, or of their JSON: `{ toxic: 1, soluble: 0.3 }`. A label is a number, or a list.',
      ),
    heads: z
      .array(z.string())
      .min(1)
      .optional()
      .describe("Heads that the model's patterns may mean. A head with a name of its own need not be among them."),
    others: z
      .enum(['reject', 'ignore'])
      .default('reject')
      .describe('Of labels of other heads, where none is made of them: reject them, or leave them out.'),
    classes,
    missing,
    log10,
  })
  .describe('A map of labels in each row.');

/** The forms that labels may be described in, for the reference page. */
export const labelForms = {
  'in columns of their own': { about: '`labels: { columns: … }`: a head of each column.', schema: wideLabels },
  'by name': { about: '`labels: { <head>: … }`: what is said of each head.', schema: namedLabel },
  'one in each row': {
    about:
      '`labels: { head: …, value: … }`: a long table, with a measurement of one head in each row. Labels of heads that there are none of can make them: see `model.heads.auto`.',
    schema: longLabels,
  },
  'in a map': {
    about:
      '`labels: { map: … }`: an object in each row, with labels by the names of heads. Labels of heads that there are none of can make them: see `model.heads.auto`.',
    schema: mapLabels,
  },
} as const;

/** What a class is called: what stands in the column of its labels. */
export type ClassName = string | number | boolean;

export type WideLabels = z.output<typeof wideLabels>;
export type NamedLabel = z.output<typeof namedLabel>;
export type LongLabels = z.output<typeof longLabels>;
export type MapLabels = z.output<typeof mapLabels>;
export type LabelMapping =
  | ({ readonly form: 'wide' } & WideLabels)
  | { readonly form: 'named'; readonly heads: Readonly<Record<string, NamedLabel>> }
  | ({ readonly form: 'long' } & LongLabels)
  | ({ readonly form: 'map' } & MapLabels);

type LabelMappingInput =
  | z.input<typeof wideLabels>
  | z.input<typeof namedLabels>
  | z.input<typeof longLabels>
  | z.input<typeof mapLabels>;

/** `{ columns: … }` is wide, `{ head: …, value: … }` long, `{ map: … }` a map, and anything else names heads. */
const labelsSchema = z
  .unknown()
  .transform((input, context): LabelMapping => {
    const says = (option: string): boolean =>
      typeof input === 'object' && input !== null && typeof Reflect.get(input, option) === 'string';
    if (says('columns')) return { form: 'wide', ...checkWithin(wideLabels, input, context) };
    if (says('head') || says('value')) return { form: 'long', ...checkWithin(longLabels, input, context) };
    if (says('map')) return { form: 'map', ...checkWithin(mapLabels, input, context) };
    return { form: 'named', heads: checkWithin(namedLabels, input, context) };
  })
  .meta({
    get anyOf() {
      return [wideLabels, namedLabels, longLabels, mapLabels].map((schema) => {
        const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
        return rest;
      });
    },
  }) as unknown as z.ZodType<LabelMapping, LabelMappingInput>;

/** Options that say what the columns of a table mean: beside those of the medium in a source's configuration. */
export const mappingFields = {
  features: featuresSchema.optional().describe('The inputs of the model by name, and how columns become them.'),
  labels: labelsSchema.optional().describe('The labels: which columns, and of which heads.'),
  id: z.string().optional().describe("The column of the samples' ids."),
  weight: z.string().optional().describe('The column of factors of the losses of a sample.'),
  time: timeField
    .optional()
    .describe('The column of event times: dates, texts such as 2024-05-01T12:00:00Z, or milliseconds since 1970.'),
  maxRejectShare: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('Reading stops when a larger share of rows is rejected, wholly or for a head; 0.1 when left out.'),
  minRejects: z
    .int()
    .positive()
    .optional()
    .describe('Fewer rejected rows never stop reading, unless no row is good; 100 when left out.'),
};

/** What the columns of a table mean. */
export const mappingSchema = z.strictObject(mappingFields);
/** What a user writes. */
export type MappingConfig = z.input<typeof mappingSchema>;
/** Checked, defaults filled in. */
export type Mapping = z.output<typeof mappingSchema>;
