import fc from 'fast-check';
import { lastValueFrom, type MonoTypeOperatorFunction, type Observable, tap, toArray } from 'rxjs';
import type { Chunk, Rejected } from '../../src/core/chunk.ts';
import { gatherRows } from '../../src/core/rows.ts';
import type { Reading, ReadOptions, Source } from '../../src/source/source.ts';
import { Flow } from '../../src/stream/flow.ts';
import type { FlowOptions } from '../../src/stream/flow-options.ts';
import type { StreamBatch, StreamChunk } from '../../src/stream/item.ts';
import type { StepTaker } from '../../src/stream/take-steps.ts';
import { mix } from '../../src/trace/hash.ts';

export const heads = ['a', 'b', 'rare'];
const shares = { a: 0.6, b: 0.3, rare: 0.08 };

const fraction = (row: number, salt: number): number => mix(mix(row) ^ mix(salt * 977)) * 2 ** -32;

/** Rows from `start` up to `end` of an endless table: every kind of column, and labels that are there or not. */
export function sampleRows(start: number, end: number, salt = 1): Chunk {
  const rows = end - start;
  const number = (at: number): number => start + at;
  const labels = Object.entries(shares).map(([head, share], place) => {
    const present = Uint8Array.from({ length: rows }, (_, at) => Number(fraction(number(at), salt + place) < share));
    const values = Float32Array.from({ length: rows }, (_, at) => fraction(number(at), 50 + place));
    return [
      head,
      { values, present, ...(head === 'b' ? { weight: values.map((value) => value + 0.5) } : {}) },
    ] as const;
  });
  const counts = Array.from({ length: rows }, (_, at) => 1 + (number(at) % 3));
  const starts = Int32Array.from({ length: rows + 1 }, (_, at) => counts.slice(0, at).reduce((sum, n) => sum + n, 0));
  const flat = counts.flatMap((count, at) =>
    Array.from({ length: count }, (_, place) => ((number(at) % 4) + place) % 7),
  );
  return {
    rows,
    inputs: {
      x: { kind: 'dense', size: 2, values: Float32Array.from({ length: 2 * rows }, (_, at) => start * 2 + at) },
      bits: { kind: 'multiHot', size: 7, starts, places: Int32Array.from(flat) },
      text: { kind: 'sequence', lengths: [2, 4], padding: -1, starts, values: Int32Array.from(flat) },
    },
    // A head without any label here is not named, as sources do.
    labels: Object.fromEntries(labels.filter(([, { present }]) => present.includes(1))),
    keys: Int32Array.from({ length: rows }, (_, at) => number(at)),
    ids: Array.from({ length: rows }, (_, at) => `id${number(at)}`),
  };
}

export interface SampleOptions {
  readonly name?: string;
  readonly rows: number;
  /** Rows of the chunks, in turn. */
  readonly chunks: readonly number[];
  readonly salt?: number;
  /** Rows that are rejected. */
  readonly bad?: (row: number) => boolean;
  /** Whether reading takes a turn of the event loop. */
  readonly slow?: boolean;
  /** Where reading fails. */
  readonly failAt?: number;
  /** Whether rows have times, ten milliseconds apart. */
  readonly isTimed?: boolean;
  /** Whether rows have nothing but labels. */
  readonly isLabels?: boolean;
}

/** A source of sample rows. */
export class SampleSource implements Source {
  readonly name: string;
  readonly replayable = true;
  readonly inputs;
  readonly heads = heads;
  readonly #options: SampleOptions;
  /** Readings that have not ended. */
  open = 0;
  read$ = 0;

  constructor(options: SampleOptions) {
    this.name = options.name ?? 'sample';
    this.inputs = options.isLabels ? {} : { x: { shape: [2], dtype: 'float32' as const } };
    this.#options = options;
  }

  async *read({ from, signal }: ReadOptions): AsyncGenerator<Reading> {
    const { rows, chunks, salt = 1, bad = () => false, slow, failAt = Number.POSITIVE_INFINITY } = this.#options;
    this.open++;
    try {
      let at = (from as number | undefined) ?? 0;
      for (let turn = 0; at < rows; turn++) {
        if (slow) await new Promise((resolve) => setImmediate(resolve));
        signal.throwIfAborted();
        const end = Math.min(at + (chunks[turn % chunks.length] as number), rows);
        if (end > failAt) throw new Error('the medium failed');
        const numbers = Array.from({ length: end - at }, (_, place) => place);
        const first = at;
        const kept = numbers.filter((place) => !bad(first + place));
        const rejected = numbers.filter((place) => bad(first + place)).map((place) => rejectedRow(first + place));
        const all = this.#rows(at, end, salt);
        const chunk = gatherRows([all], { of: new Int32Array(kept.length), rows: kept });
        at = end;
        this.read$ += end - first;
        yield { chunk, rejected, position: at };
      }
    } finally {
      this.open--;
    }
  }

  #rows(start: number, end: number, salt: number): Chunk {
    const { isTimed, isLabels } = this.#options;
    const chunk = sampleRows(start, end, salt);
    return {
      ...chunk,
      ...(isLabels ? { inputs: {} } : {}),
      ...(isTimed ? { timesMs: Float64Array.from(chunk.keys, (key) => 10 * key) } : {}),
    };
  }
}

export function rejectedRow(row: number): Rejected {
  return { reason: 'badType', issue: { where: `row ${row}`, expected: 'a number', found: "'x'" } };
}

export function openFlow(options: Partial<FlowOptions> = {}): Flow {
  return new Flow({
    name: 'sample',
    origins: [{ source: 'sample', tags: [] }],
    heads,
    credit: { rows: 16, sizeBytes: 1e6 },
    ...options,
  });
}

/** A chunk of sample rows on its way. */
export function itemOf(flow: Flow, start: number, end: number, more: Partial<StreamChunk> = {}): StreamChunk {
  flow.receive({ rows: end - start, sizeBytes: (end - start) * 50 });
  return { ...sampleRows(start, end), flow, epoch: 1, ...more };
}

/** What can be compared of a batch: bit for bit, but not what stands where a label is absent. */
export function plain({ rows, inputs, labels, keys, ids, repeats, origins, epoch, epochEnd }: StreamBatch): unknown {
  const columns = Object.entries(inputs).map(([name, column]) => {
    if (!('kind' in column) || column.kind === 'dense')
      return [name, [...('kind' in column ? column.values : column)]] as const;
    const { starts, ...rest } = column;
    const values = 'places' in rest ? rest.places : rest.values;
    return [
      name,
      Array.from({ length: rows }, (_, row) => [...values.subarray(starts[row], starts[row + 1])]),
    ] as const;
  });
  const known = Object.entries(labels).map(([head, { values, present, weight }]) => [
    head,
    Array.from(present, (mark, row) => (mark ? [values[row], weight?.[row]] : null)),
  ]);
  return {
    rows,
    inputs: Object.fromEntries(columns),
    labels: Object.fromEntries(known.sort(([one], [other]) => ((one as string) < (other as string) ? -1 : 1))),
    keys: [...keys],
    ids,
    repeats: Array.from({ length: rows }, (_, row) => repeats?.[row] ?? 0),
    origins: Array.from({ length: rows }, (_, row) => origins?.[row] ?? 0),
    epoch,
    epochEnd,
  };
}

/** Counts every row as trained when its batch has been seen. */
export function trained(): MonoTypeOperatorFunction<StreamBatch> {
  return tap((batch) => {
    consume(batch.flow);
    train(batch);
  });
}

/** Says, once, that somebody says what becomes of the rows of a flow. */
export function consume(flow: Flow): void {
  if (!flow.consumed) flow.consumer(() => true);
}

/** Counts the rows of a batch as trained, or the epoch as ended. */
export function train({ flow, rows, repeats, epochEnd }: StreamBatch): void {
  const again = repeats?.reduce((sum, repeat) => sum + repeat, 0) ?? 0;
  if (rows > 0) flow.finish('trained', rows, again);
  if (epochEnd !== undefined) flow.epochEnded();
}

/** Items with rows, or that end an epoch. */
export async function all<Item extends { readonly rows: number; readonly epochEnd?: number }>(
  items$: Observable<Item>,
): Promise<readonly Item[]> {
  const items = await lastValueFrom(items$.pipe(toArray()));
  return items.filter(({ rows, epochEnd }) => rows > 0 || epochEnd !== undefined);
}

export const chunkSizes: fc.Arbitrary<readonly number[]> = fc.array(fc.integer({ min: 1, max: 13 }), {
  minLength: 1,
  maxLength: 4,
});

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Takes steps that last a turn of the event loop each, and counts those under way. */
export class SlowTaker implements StepTaker {
  running = 0;
  most = 0;

  async take({ rows, labels }: Parameters<StepTaker['take']>[0]) {
    this.most = Math.max(this.most, ++this.running);
    await turn();
    this.running--;
    const heads = Object.fromEntries(
      Object.keys(labels).map((head) => [head, { loss: 0, labels: 1, denominator: 1, weight: 1 }]),
    );
    if (Object.keys(heads).length === 0) return { skipped: 'unlabelled' as const, rows, rejected: {} };
    const times = { assembleMs: 0, computeMs: 0, mergeMs: 0, updateMs: 0 };
    return { step: 1, rows, loss: 0, heads, rejected: {}, dropped: 0, gradientNorms: {}, learningRates: {}, ...times };
  }
}
