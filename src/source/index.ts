import { type ConfigOf, family, type ParsedOf } from '../core/plugin.ts';
import { arrow } from './arrow.ts';
import { csv } from './csv.ts';
import { generator } from './generator.ts';
import { http } from './http.ts';
import { memory } from './memory.ts';
import { ndjson } from './ndjson.ts';
import { parquet } from './parquet.ts';
import { replayOf } from './replay.ts';
import { tail } from './tail.ts';
import { tsv } from './tsv.ts';

const media = [parquet, csv, tsv, ndjson, arrow, memory, generator, http, tail] as const;

/** Every medium that rows come from. */
export const sources = family('source', [...media, replayOf(family('source', media))]);

/** What a user writes for a source. */
export type SourceConfig = ConfigOf<(typeof sources.plugins)[number]>;
/** A checked configuration, defaults filled in. */
export type ParsedSourceConfig = ParsedOf<(typeof sources.plugins)[number]>;

export type { SourceContext } from './context.ts';
export { NewHeads } from './new-heads.ts';
export { fitFeatures, mapSamples, type SampleSource, type SamplesOptions, samples } from './sample.ts';
export { type ClassName, type Mapping, type MappingConfig, mappingFields, mappingSchema } from './sample-mapping.ts';
export { tableOf } from './sample-record.ts';
export type { LabelScale } from './sample-rule.ts';
export { rememberedColumns } from './sample-state.ts';
export type { Position, TableColumn, TableReading, TableReadOptions, TableSource } from './source.ts';
