import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { lastValueFrom, map, type Observable, toArray } from 'rxjs';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError, SourceError } from '../../src/core/error.ts';
import type { Sink, SinkRow } from '../../src/sink/index.ts';
import { samples, sources, type TableSource } from '../../src/source/index.ts';
import { batch } from '../../src/stream/batch.ts';
import { decodeState, encodeState } from '../../src/stream/encode.ts';
import { fromSource } from '../../src/stream/from-source.ts';
import { interleave } from '../../src/stream/interleave.ts';
import type { StreamBatch, StreamChunk } from '../../src/stream/item.ts';
import { record } from '../../src/stream/record.ts';
import { formOf } from '../../src/stream/recording/form.ts';
import { openRecording, Recording } from '../../src/stream/recording.ts';
import { shuffle } from '../../src/stream/shuffle.ts';
import type { StreamState } from '../../src/stream/state.ts';
import { readBack } from '../sink/read.ts';
import { all, chunkSizes, openFlow, plain, type SampleOptions, SampleSource, trained, turn } from './sample.ts';

const root = mkdtempSync(join(tmpdir(), 'record-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let made = 0;
const fresh = (): string => mkdtempSync(join(root, `${made++}-`));

/** Sample rows, and what is in them. */
class Described extends SampleSource {
  override readonly inputs = {
    x: { shape: [2], dtype: 'float32' as const },
    bits: { shape: [7], dtype: 'float32' as const, kind: 'multiHot' as const },
    text: { shape: [-1], dtype: 'int32' as const, kind: 'sequence' as const },
  };
}
const source = (rows: number, more: Partial<SampleOptions> = {}): Described =>
  new Described({ rows, chunks: [5], ...more });
const sinkOf = (type: 'parquet' | 'ndjson', folder: string) => ({ type, path: join(folder, 'seen') }) as const;

type Plain = Record<string, unknown> & { readonly labels: Record<string, readonly (readonly unknown[] | null)[]> };

/** What can be compared of batches that are recorded, and read again: all but keys, which follow a row's place. */
const batchesOf = async (batches$: Observable<StreamBatch>): Promise<unknown[]> =>
  (await all(batches$.pipe(trained()))).map((one) => {
    const { keys: _, origins: __, labels, ...rest } = plain(one) as Plain;
    // A weight that is not there is 1.
    const weighted = Object.entries(labels).map(([head, all]) => [
      head,
      all.map((label) => label && [label[0], label[1] ?? 1]),
    ]);
    return { ...rest, labels: Object.fromEntries(weighted), times: [...(one.timesMs ?? [])] };
  });

/** Gives rows event times. */
const timed = map((item: StreamChunk): StreamChunk => {
  return { ...item, timesMs: Float64Array.from(item.keys, (key) => 1.7e12 + 250 * key) };
});

/** What a recording of sample rows means. */
const mapping = {
  id: 'id',
  time: 'time',
  features: {
    x: { type: 'tensor', shape: [2] },
    bits: { multiHot: 7 },
    text: { type: 'sequence', length: 4, lengths: [2], padding: -1 },
  },
  labels: { columns: 'a|b|rare', weight: '*_weight' },
} as const;

describe('what was recorded', () => {
  it.each(['parquet', 'ndjson'] as const)('gives the same batches when it is played back: %s', async (type) => {
    const folder = fresh();
    const recording = await openRecording(source(1), sinkOf(type, folder));
    const operators = [shuffle({ rows: 30, seed: 5 }), batch({ rows: 8, quota: { rare: 2 } })] as const;
    const first = await batchesOf(fromSource(source(200)).pipe(timed, record(recording), ...operators));
    await recording.close();
    const path = join(folder, type === 'parquet' ? 'seen/*.parquet' : 'seen');
    const table = sources.build({ type, path } as never, { name: 'sample' }, 'sample') as TableSource;
    const again = await batchesOf(fromSource(await samples(table, mapping as never)).pipe(...operators));
    expect(again).toEqual(first);
    expect(first.length).toBeGreaterThan(10);
  });

  it('says where each row is from', async () => {
    const folder = fresh();
    const parts = ['one', 'two'].map((name) => ({ samples$: fromSource(source(20, { name })), weight: 1 }));
    const recording = await openRecording(source(1), sinkOf('ndjson', folder), { weights: true });
    const items = await all(interleave(parts, { seed: 3 }).pipe(record(recording)));
    await recording.close();
    const origins = items.flatMap((item) =>
      Array.from({ length: item.rows }, (_, row) => item.flow.origins[item.origins?.[row] ?? 0]?.source),
    );
    const rows = await readBack('ndjson', join(folder, 'seen'));
    expect(rows.map(({ source: name }) => name)).toEqual(origins);
    expect(new Set(origins)).toEqual(new Set(['one', 'two']));
  });
});

it('writes labels of several numbers, bounds, and zeros and ones where a shape has several axes', async () => {
  const sink = new Standing();
  const inputs = { peptide: { shape: [2, 2], dtype: 'float32', kind: 'multiHot' } } as const;
  const recording = new Recording(sink, formOf({ inputs, heads: ['pair', 'bound'] }, {}, 'record'));
  const present = Uint8Array.of(1, 1, 0);
  const taken = recording.take({
    flow: openFlow(),
    epoch: 1,
    rows: 3,
    keys: new Int32Array(3),
    timesMs: Float64Array.of(1.6, Number.NaN, 2),
    inputs: {
      peptide: { kind: 'multiHot', size: 4, starts: Int32Array.of(0, 2, 2, 3), places: Int32Array.of(0, 3, 1) },
    },
    labels: {
      pair: { values: Float32Array.of(1, 2, 3, 4, 5, 6), present, weight: Float32Array.of(0.5, 0, 9) },
      bound: { values: Float32Array.of(7, 8, 9), present, bound: Float32Array.of(-1, 1, 0) },
    },
  });
  for (const end of sink.ends) end();
  await taken;
  const lists = (_: string, value: unknown) => (ArrayBuffer.isView(value) ? [...(value as Uint8Array)] : value);
  const one = { source: 'sample', bound_weight: 1 };
  expect(JSON.parse(JSON.stringify(sink.rows, lists))).toEqual([
    { ...one, time: 2, peptide: [1, 0, 0, 1], pair: [1, 2], pair_weight: 0.5, bound: 7, bound_bound: '<' },
    { ...one, time: null, peptide: [0, 0, 0, 0], pair: [3, 4], pair_weight: 0, bound: 8, bound_bound: '>' },
    { source: 'sample', time: 2, peptide: [0, 1, 0, 0] },
  ]);
});

/** Runs a stream that is recorded until it has emitted so many batches; then as if killed, with what a checkpoint has. */
async function stopAfter(
  count: number,
  recording: Recording,
  chunks: readonly number[],
): Promise<StreamState | undefined> {
  const states: Promise<StreamState>[] = [];
  await new Promise<void>((resolve, reject) => {
    let seen = 0;
    const subscription = fromSource(source(60, { chunks }))
      .pipe(record(recording), shuffle({ rows: 10 }), batch({ rows: 4, keepUnlabelled: true }), trained())
      .subscribe({
        next: (one) => {
          if (one.rows > 0) seen++;
          // A few more rows are recorded before it is killed.
          if (seen > count) subscription.unsubscribe();
          if (seen !== count || states.length > 0) return;
          const { json, arrays } = encodeState(one.flow.state());
          const state = decodeState({ json: JSON.parse(JSON.stringify(json)), arrays });
          states.push(one.flow.durable().then(() => state));
        },
        error: reject,
        complete: resolve,
      });
    subscription.add(resolve);
  });
  return states[0];
}

describe('a stream that goes on', () => {
  it.each(['parquet', 'ndjson'] as const)('has each row recorded once, wherever it was ended: %s', async (type) => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 12 }), chunkSizes, chunkSizes, async (count, one, other) => {
        const folder = fresh();
        const killed = await openRecording(source(1), sinkOf(type, folder));
        const restore = await stopAfter(count, killed, one);
        // What a process that is killed leaves: all that got to the disk.
        await killed.close();
        const recording = await openRecording(source(1), sinkOf(type, folder));
        const begin = restore ? { restore } : {};
        if (!restore) await recording.truncate(0);
        await lastValueFrom(
          fromSource(source(60, { chunks: other }), begin).pipe(
            record(recording),
            shuffle({ rows: 10 }),
            batch({ rows: 4, keepUnlabelled: true }),
            trained(),
            toArray(),
          ),
        );
        await recording.close();
        const rows = await readBack(type, join(folder, 'seen'));
        expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: 60 }, (_, row) => `id${row}`));
      }),
      { numRuns: 10 },
    );
  });

  it('is refused a recording that has less than it had', async () => {
    const folder = fresh();
    const killed = await openRecording(source(1), sinkOf('parquet', folder));
    const restore = await stopAfter(2, killed, [5]);
    const other = await openRecording(source(1), sinkOf('parquet', fresh()));
    const stream$ = fromSource(source(60), { restore: restore as StreamState }).pipe(
      record(other),
      shuffle({ rows: 10 }),
      batch({ rows: 4 }),
    );
    await expect(lastValueFrom(stream$)).rejects.toThrow(
      'seen: expected at least the 1 parts that it had at the checkpoint; found 0',
    );
  });
});

/** A sink whose writes end when they are told to. */
class Standing implements Sink<SinkRow> {
  readonly name = 'standing';
  readonly rows: SinkRow[] = [];
  readonly ends: ((error?: Error) => void)[] = [];

  get place(): number {
    return this.rows.length;
  }

  write(row: SinkRow): Promise<void> {
    this.rows.push(row);
    return new Promise((resolve, reject) => {
      this.ends.push((error) => (error ? reject(error) : resolve()));
    });
  }

  async flush(): Promise<number> {
    return this.rows.length;
  }

  async truncate(): Promise<void> {}
  async close(): Promise<void> {}
}

describe('what is written slowly', () => {
  it('lets reading wait, and nothing that was read', async () => {
    const sink = new Standing();
    const read = source(100, { chunks: [10] });
    const seen: number[] = [];
    const done = lastValueFrom(fromSource(read).pipe(record(new Recording(sink, formOf(read, {}, 'record')))));
    void done.then(({ epochEnd }) => seen.push(epochEnd ?? 0));
    for (let written = 0; written < 100; written += 10) {
      while (sink.rows.length < written + 10) await turn();
      for (let some = 0; some < 20; some++) await turn();
      expect(read.read$).toBe(written + 10);
      for (const end of sink.ends.splice(0)) end();
    }
    await done;
    expect(sink.rows).toHaveLength(100);
  });

  it('ends the stream when it fails', async () => {
    const sink = new Standing();
    const read = source(100, { chunks: [10] });
    const done = lastValueFrom(fromSource(read).pipe(record(new Recording(sink, formOf(read, {}, 'record')))));
    while (sink.rows.length < 10) await turn();
    const error = new SourceError({ where: 'seen', expected: 'a folder that can be written', found: 'a full disk' });
    sink.ends[3]?.(error);
    await expect(done).rejects.toBe(error);
    await turn();
    expect(read.open).toBe(0);
  });
});

describe('its columns', () => {
  it('are an id, a time, a source, lists of inputs, and labels with their weights and bounds', () => {
    const number = { dtype: 'float32', values: { kind: 'number' } } as const;
    const labels = new Map([
      ['a', { ...number, shape: [1], bound: true }],
      ['b', { ...number, shape: [3], bound: false }],
      ['rare', { dtype: 'int32', shape: [], values: { kind: 'class', count: 3 }, bound: false }],
    ] as const);
    const { inputs, heads } = source(1);
    const characters = { peptide: { shape: [9, 20], dtype: 'float32', kind: 'multiHot' } as const };
    const form = formOf({ inputs: { ...inputs, ...characters }, heads }, { labels, weights: false }, 'record');
    expect(form.columns.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      'id text',
      'time time',
      'source text',
      'x floats',
      'bits ints',
      'text ints',
      'peptide floats',
      'a float32',
      'a_bound text',
      'b floats',
      'rare int32',
    ]);
  });

  it('have names of their own', () => {
    const { inputs } = source(1);
    const fault = new ConfigError({
      where: 'record',
      expected: "inputs and heads of different names, capitals aside, none of them 'id', 'time' or 'source'",
      found: "'X', 'Time', 'y_weight' twice",
    });
    expect(() => formOf({ inputs, heads: ['X', 'Time', 'y', 'y_weight'] }, {}, 'record')).toThrow(fault);
  });

  it('that a sample lacks are an error of the stream', async () => {
    const folder = fresh();
    const { inputs } = source(1);
    const recording = await openRecording({ inputs, heads: ['a', 'b', 'rare'] }, sinkOf('parquet', folder), {
      weights: false,
    });
    const stream$ = fromSource(source(9)).pipe(record(recording));
    await expect(lastValueFrom(stream$)).rejects.toThrow("record: expected columns out of 'id', 'time', 'source'");
    expect(readdirSync(folder)).toEqual(['seen']);
  });
});
