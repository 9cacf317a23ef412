import { z } from 'zod';
import { type AnyPlugin, family } from '../../core/plugin.ts';
import { type ParsedSourceConfig, type SourceConfig, sources } from '../../source/index.ts';
import { type Mapping, type MappingConfig, mappingFields } from '../../source/sample-mapping.ts';

/** Beside what the columns mean. */
export const likeField = {
  like: z
    .string()
    .optional()
    .describe('Another source whose features and labels are meant here too; those that are given replace its own.'),
};

type Described = { readonly like?: string | undefined };

/** What a user writes for a source of a pipeline: the medium, and what its columns mean. */
export type PipelineSource = SourceConfig & MappingConfig & Described;
/** A checked source, defaults filled in. */
export type ParsedPipelineSource = ParsedSourceConfig & Mapping & Described;

/** Every medium, each with the options that say what columns mean. */
export const pipelineSources = family(
  'source',
  sources.plugins.map((medium) => ({
    ...medium,
    fields: (medium.fields as z.ZodObject).safeExtend({ ...mappingFields, ...likeField }),
  })) as unknown as [AnyPlugin, ...AnyPlugin[]],
);

export const sourcesSchema = z
  .record(z.string().min(1), pipelineSources.schema as unknown as z.ZodType<ParsedPipelineSource, PipelineSource>)
  .refine((byName) => Object.keys(byName).length > 0, { error: 'one source or more' })
  .describe('Where samples come from, by name.');
