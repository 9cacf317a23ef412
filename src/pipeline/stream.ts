import type { Observable } from 'rxjs';
import type { Source } from '../source/source.ts';
import { batch } from '../stream/batch.ts';
import { type FromSourceOptions, fromSource } from '../stream/from-source.ts';
import { interleave } from '../stream/interleave.ts';
import type { StreamBatch, StreamChunk } from '../stream/item.ts';
import { reservoir } from '../stream/reservoir.ts';
import { route } from '../stream/route.ts';
import { shuffle } from '../stream/shuffle.ts';
import type { StreamState } from '../stream/state.ts';
import type { StreamConfig } from './schema/stream.ts';

/** What a run says of a stream, beside its options. */
export interface StreamRun {
  /** A state to go on from. */
  readonly restore?: StreamState;
  readonly deadLetter?: NonNullable<FromSourceOptions['deadLetter']>;
  readonly signal?: AbortSignal;
}

/** How often each source is drawn, by name. */
export function partsOf({ from }: StreamConfig): ReadonlyMap<string, number> {
  return typeof from === 'string' ? new Map([[from, 1]]) : new Map(Object.entries(from));
}

/** The operators of a stream in their order, each with what it holds at most: for people. */
export function describeStream(config: StreamConfig): readonly string[] {
  const { route: rules, shuffle: window, reservoir: kept, batch: rows } = optionsOf(config, 0);
  const parts = partsOf(config);
  const weights = [...parts].map(([name, weight]) => `${name} × ${weight}`);
  const epochs =
    config.epochs === 'endless' ? 'without end' : `${config.epochs} ${config.epochs === 1 ? 'epoch' : 'epochs'}`;
  return [
    ...[...parts.keys()].map((name) => `fromSource ${name}: ${epochs}, at most 4,096 rows ahead`),
    ...(parts.size > 1 ? [`interleave: ${weights.join(', ')}`] : []),
    ...rules.map(({ source, heads }) => `route: ${source ?? 'every source'} trains ${heads}`),
    ...(window ? [`shuffle: a window of ${window.rows.toLocaleString('en-US')} rows`] : []),
    ...(kept ? [`reservoir: ${kept.rowsPerHead} rows for each head, ${100 * kept.share} % of a step`] : []),
    `batch: ${rows.rows} rows`,
    ...(config.steps === undefined ? [] : [`at most ${config.steps.toLocaleString('en-US')} steps`]),
  ];
}

/** The options of the operators, written out. */
function optionsOf({ shuffle: window, reservoir: kept, batch: rows, route: rules }: StreamConfig, seed: number) {
  const given = <Options extends object>(options: Options) =>
    Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options;
  return {
    route: rules.map(given),
    shuffle:
      window === undefined ? undefined : { seed, ...given(typeof window === 'number' ? { rows: window } : window) },
    reservoir: kept && { seed, ...given(kept) },
    batch: typeof rows === 'number' ? { rows } : given(rows),
  };
}

/** The batches of a pipeline's stream: each subscription reads for itself. */
export function batchesOf(
  config: StreamConfig,
  sources: ReadonlyMap<string, Source>,
  seed: number,
  { restore, deadLetter, signal }: StreamRun = {},
): Observable<StreamBatch> {
  const options = optionsOf(config, seed);
  const epochs = config.epochs === 'endless' ? Number.POSITIVE_INFINITY : config.epochs;
  const run = { ...(restore ? { restore } : {}) };
  const parts = [...partsOf(config)].map(([name, weight]) => {
    const source = { ...run, epochs, ...(deadLetter ? { deadLetter } : {}), ...(signal ? { signal } : {}) };
    return { samples$: fromSource(sources.get(name) as Source, source), weight };
  });
  const [only, ...others] = parts;
  let samples$: Observable<StreamChunk> =
    only && others.length === 0 ? only.samples$ : interleave(parts, { seed, ...run });
  if (options.route.length > 0) samples$ = samples$.pipe(route(options.route as Parameters<typeof route>[0]));
  if (options.shuffle) samples$ = samples$.pipe(shuffle(options.shuffle as Parameters<typeof shuffle>[0]));
  if (options.reservoir) samples$ = samples$.pipe(reservoir(options.reservoir as Parameters<typeof reservoir>[0]));
  return samples$.pipe(batch(options.batch as Parameters<typeof batch>[0]));
}
