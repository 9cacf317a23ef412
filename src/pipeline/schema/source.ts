import { z } from 'zod';
import { type AnyPlugin, family } from '../../core/plugin.ts';
import { type ParsedSourceConfig, type SourceConfig, sources } from '../../source/index.ts';
import { type Mapping, type MappingConfig, mappingFields } from '../../source/sample-mapping.ts';

/** Beside what the columns mean. */
export const sourceFields = {
  like: z
    .string()
    .optional()
    .describe('Another source whose features and labels are meant here too; those that are given replace its own.'),
  tags: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'What `stream.route` may know its rows by, besides its name: `[lab, noisy]`. They are not those of `like`.',
    ),
};

const described = z.strictObject(sourceFields);

/** What a user writes for a source of a pipeline: the medium, and what its columns mean. */
export type PipelineSource = SourceConfig & MappingConfig & z.input<typeof described>;
/** A checked source, defaults filled in. */
export type ParsedPipelineSource = ParsedSourceConfig & Mapping & z.output<typeof described>;

/** Every medium, each with the options that say what columns mean. */
export const pipelineSources = family(
  'source',
  sources.plugins.map((medium) => ({
    ...medium,
    fields: (medium.fields as z.ZodObject).safeExtend({ ...mappingFields, ...sourceFields }),
  })) as unknown as [AnyPlugin, ...AnyPlugin[]],
);

export const sourcesSchema = z
  .record(z.string().min(1), pipelineSources.schema as unknown as z.ZodType<ParsedPipelineSource, PipelineSource>)
  .refine((byName) => Object.keys(byName).length > 0, { error: 'one source or more' })
  .describe('Where samples come from, by name.');
