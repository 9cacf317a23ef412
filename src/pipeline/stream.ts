import type { Observable } from 'rxjs';
import type { Clock } from '../core/clock.ts';
import { formatDuration } from '../core/duration.ts';
import type { EventSink } from '../core/event.ts';
import type { Stage } from '../model/index.ts';
import type { Source } from '../source/source.ts';
import { type BatchOptions, batch } from '../stream/batch.ts';
import { type FromSourceOptions, fromSource } from '../stream/from-source.ts';
import { interleave } from '../stream/interleave.ts';
import type { StreamBatch, StreamChunk } from '../stream/item.ts';
import { join } from '../stream/join.ts';
import { record } from '../stream/record.ts';
import type { Recording } from '../stream/recording.ts';
import { type ReservoirOptions, reservoir } from '../stream/reservoir.ts';
import { type RouteRule, route } from '../stream/route.ts';
import { type ShuffleOptions, shuffle } from '../stream/shuffle.ts';
import type { StreamState } from '../stream/state.ts';
import { joinOf } from './join.ts';
import type { PipelineConfig } from './schema/index.ts';
import type { StreamConfig } from './schema/stream.ts';

/** What a run says of a stream, beside its options. */
export interface StreamRun {
  /** A state to go on from. */
  readonly restore?: StreamState;
  readonly deadLetter?: NonNullable<FromSourceOptions['deadLetter']>;
  /** What samples are recorded to, where they are. */
  readonly recording?: Recording;
  readonly signal?: AbortSignal;
}

/** Where a stream may keep what waits, and what time it is. */
export interface StreamPlace {
  readonly runFolder: string;
  /** The system's own when left out. */
  readonly clock?: Clock;
  /** Told what becomes of what waits. */
  readonly events?: EventSink;
}

/** How often each source is drawn, by name. */
export function partsOf({ from }: StreamConfig): ReadonlyMap<string, number> {
  return typeof from === 'string' ? new Map([[from, 1]]) : new Map(Object.entries(from));
}

/** What rules may know a source's rows by. */
export const tagsOf = (sources: PipelineConfig['sources'], name: string): readonly string[] =>
  sources[name]?.tags ?? [];

const count = (rows: number): string => rows.toLocaleString('en-US');

/** The operators of a stream in their order, each with what it does and holds: for people. */
export function operatorsOf(config: StreamConfig): readonly Stage[] {
  const { route: rules, shuffle: window, reservoir: kept, batch: rows } = optionsOf(config, 0);
  const operator = (title: string, ...lines: readonly string[]): Stage => ({ kind: 'operator', title, lines });
  const parts = [...partsOf(config)];
  return [
    ...(parts.length > 1 ? [operator('interleave', ...parts.map(([name, weight]) => `${name} × ${weight}`))] : []),
    ...joinLines(config).map((lines) => operator('join', ...lines)),
    ...(rules.length > 0 ? [operator('route', ...rules.map(routeLine))] : []),
    ...(config.record ? [operator('record', config.record.path)] : []),
    ...(window ? [operator('shuffle', `window of ${count(window.rows)} rows`, `seed ${window.seed}`)] : []),
    ...(kept
      ? [operator('reservoir', `${count(kept.rowsPerHead)} rows for each head`, `${100 * kept.share} % of a step`)]
      : []),
    operator('batch', `${count(rows.rows)} rows`, ...limitsOf(config, rows)),
  ];
}

const routeLine = ({ source = 'every source', tag, heads }: RouteRule): string =>
  `${source}${tag === undefined ? '' : ` tagged ${tag}`}: ${heads}`;

function joinLines({ join: joined }: StreamConfig): readonly (readonly string[])[] {
  if (!joined) return [];
  const { labels, ttl, maxItems, onLate, time } = joined;
  const late = { train: 'are trained', deadLetter: 'go to the dead letters', drop: 'are dropped' }[onLate];
  return [
    [
      `labels of ${labels}`,
      `wait ${formatDuration(ttl)} by ${time === 'event' ? 'event time' : 'the clock'}`,
      `${count(maxItems)} ids at most`,
      `late labels ${late}`,
    ],
  ];
}

function limitsOf({ epochs, steps }: StreamConfig, { quota = {}, timeLimitMs }: BatchOptions): readonly string[] {
  return [
    ...Object.entries(quota).map(([heads, labels]) => `${heads}: ${labels} labels at a time`),
    ...(timeLimitMs === undefined ? [] : [`after ${timeLimitMs} ms at the latest`]),
    epochs === 'endless' ? 'without end' : epochs === 1 ? '1 epoch' : `${count(epochs)} epochs`,
    ...(steps === undefined ? [] : [`at most ${count(steps)} steps`]),
  ];
}

/** Options of the operators, written out. */
function optionsOf({ shuffle: window, reservoir: kept, batch: rows, route: rules }: StreamConfig, seed: number) {
  return {
    route: rules.map((rule) => given<RouteRule>(rule)),
    shuffle:
      window === undefined
        ? undefined
        : { seed, ...given<ShuffleOptions>(typeof window === 'number' ? { rows: window } : window) },
    reservoir: kept && { seed, ...given<ReservoirOptions>(kept) },
    batch: typeof rows === 'number' ? { rows } : given<BatchOptions>(rows),
  };
}

/** Options without those that are undefined. */
function given<Options extends object>(
  options: { readonly [Name in keyof Options]?: Options[Name] | undefined },
): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options;
}

/** The batches of a pipeline's stream: each subscription reads for itself. */
export function batchesOf(
  { stream: config, sources: written, seed }: PipelineConfig,
  sources: ReadonlyMap<string, Source>,
  { runFolder, ...told }: StreamPlace,
  { restore, deadLetter, recording, signal }: StreamRun = {},
): Observable<StreamBatch> {
  const options = optionsOf(config, seed);
  const epochs = config.epochs === 'endless' ? Number.POSITIVE_INFINITY : config.epochs;
  const run = { ...(restore ? { restore } : {}) };
  const dead = deadLetter ? { deadLetter } : {};
  const open = (name: string): Observable<StreamChunk> =>
    fromSource(sources.get(name) as Source, {
      ...run,
      epochs,
      tags: tagsOf(written, name),
      ...dead,
      ...(signal ? { signal } : {}),
    });
  const parts = [...partsOf(config)].map(([name, weight]) => ({ samples$: open(name), weight }));
  const [only, ...others] = parts;
  let samples$: Observable<StreamChunk> =
    only && others.length === 0 ? only.samples$ : interleave(parts, { seed, ...run });
  const joined = joinOf(config, runFolder);
  if (config.join && joined)
    samples$ = join(samples$, open(config.join.labels), { ...joined, ...run, ...dead, ...told });
  if (options.route.length > 0) samples$ = samples$.pipe(route(options.route));
  if (recording) samples$ = samples$.pipe(record(recording));
  if (options.shuffle) samples$ = samples$.pipe(shuffle(options.shuffle));
  if (options.reservoir) samples$ = samples$.pipe(reservoir(options.reservoir));
  return samples$.pipe(batch({ ...options.batch, ...(told.clock ? { clock: told.clock } : {}) }));
}
