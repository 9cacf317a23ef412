import { type ConfigOf, family, type ParsedOf } from '../core/plugin.ts';
import { csv } from './csv.ts';
import { deadLetter } from './deadLetter.ts';
import { ndjson } from './ndjson.ts';
import { parquet } from './parquet.ts';

/** Every sink that takes rows: predictions, and what a stream is recorded to. */
export const sinks = family('sink', [parquet, csv, ndjson]);

/** Every sink that takes what was rejected. */
export const deadLetters = family('dead letter sink', [deadLetter]);

/** What a user writes for a sink of rows. */
export type SinkConfig = ConfigOf<(typeof sinks.plugins)[number]>;
/** What a user writes for a sink of what was rejected. */
export type DeadLetterConfig = ConfigOf<(typeof deadLetters.plugins)[number]>;
/** Checked configurations, defaults filled in. */
export type ParsedSinkConfig = ParsedOf<(typeof sinks.plugins)[number]>;
export type ParsedDeadLetterConfig = ParsedOf<(typeof deadLetters.plugins)[number]>;

export type { SinkColumn, SinkContext, SinkKind, SinkRow } from './row.ts';
export type { Sink } from './sink.ts';
