import type { OperatorFunction } from 'rxjs';
import { z } from 'zod';
import type { LabelColumn } from '../core/chunk.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { parseConfig } from '../core/config.ts';
import { markLabelled } from '../core/labelled.ts';
import { chunkBytes, emptyChunk } from '../core/rows.ts';
import { type Emitted, EmittedBatches, type EmittedPlace, emittedOf } from './emitted.ts';
import type { Flow } from './flow.ts';
import type { StreamBatch, StreamChunk } from './item.ts';
import { keepRows } from './keep.ts';
import { onFlow, type Part } from './operator.ts';
import { Quota, type QuotaOptions } from './quota.ts';
import { RowList } from './row-list.ts';
import type { HeldRows } from './state.ts';

/** Which rows make a step. */
export interface BatchOptions {
  /** Rows of a step; the last one of an epoch may have fewer. */
  readonly rows: number;
  /** A batch with fewer rows is emitted when its first one has waited so long. Runs can't be repeated bit for bit then. */
  readonly timeLimitMs?: number;
  /**
   * By pattern of heads, the rarest first: how many labels a batch that has any should have, so that rare heads get
   * enough for a step. A row with labels of several waits for the first of them. What waits is bounded: for each head one
   * row less than its quota says, and two batches in all. An epoch's end lets all go.
   */
  readonly quota?: QuotaOptions;
  /** Whether rows without any label are kept. false when left out: they are counted as unlabelled. */
  readonly keepUnlabelled?: boolean;
  /** Where time comes from; the system's clock when left out. */
  readonly clock?: Clock;
}

const schema = z.strictObject({
  rows: z.number().int().positive(),
  timeLimitMs: z.number().positive().optional(),
  quota: z.record(z.string(), z.number().int().positive()).default({}),
  keepUnlabelled: z.boolean().default(false),
  clock: z.unknown().optional(),
});

/**
 * Puts rows together for steps. Which rows stand in which batch depends on their order alone, not on how they were read.
 * @throws ConfigError when an option is wrong or a quota does not fit
 */
export function batch(options: BatchOptions): OperatorFunction<StreamChunk, StreamBatch> {
  const { rows, timeLimitMs, quota, keepUnlabelled } = parseConfig(schema, options, 'batch');
  const clock = options.clock ?? systemClock;
  return onFlow('batch', (flow, emit, fail) => {
    const limit = timeLimitMs === undefined ? undefined : { timeLimitMs, clock, fail };
    return new Batches(flow, emit, {
      rows,
      quota: new Quota(quota, flow.heads, rows, flow.mayHaveNewHeads),
      keepUnlabelled,
      limit,
    });
  });
}

interface Limit {
  readonly timeLimitMs: number;
  readonly clock: Clock;
  fail(error: unknown): void;
}

interface BatchesOptions {
  readonly rows: number;
  readonly quota: Quota;
  readonly keepUnlabelled: boolean;
  readonly limit: Limit | undefined;
}

interface State {
  readonly looked: number;
  readonly epoch: number;
  readonly ending: number | null;
  readonly emitted: readonly EmittedPlace[];
}

class Batches implements Part<StreamChunk> {
  readonly #flow: Flow;
  readonly #emit: (batch: StreamBatch) => void;
  readonly #options: BatchesOptions;
  readonly #list = new RowList();
  readonly #emitted = new EmittedBatches();
  /** What had been emitted when the state was taken that is gone on from, until it is emitted again. */
  #again: Emitted[] = [];
  /** What the first rows wait for. Later ones were not looked at, and come when there are too few of these. */
  #waitingFor: (string | undefined)[] = [];
  /** When the rows came, where that matters. */
  #arrivedMs: number[] = [];
  #epoch = 1;
  /** The epoch that ends with what is held. */
  #ending: number | undefined;
  #timer: AbortController | undefined;

  constructor(flow: Flow, emit: (batch: StreamBatch) => void, options: BatchesOptions) {
    this.#flow = flow;
    this.#emit = emit;
    this.#options = options;
    const { quota, limit } = options;
    const restored = flow.register({
      name: 'batch',
      bound: { rows: quota.pendingRows },
      state: () => ({
        json: {
          looked: this.#waitingFor.length,
          epoch: this.#epoch,
          ending: this.#ending ?? null,
          emitted: this.#emitted.json(),
        },
        rows: { pending: this.#list.held(), emitted: this.#emitted.held() },
      }),
      ended: (rows) => this.#emitted.ended(rows),
      ...(limit ? { notReplayable: 'batch has a time limit: what is in a batch depends on the clock' } : {}),
    });
    if (!restored) return;
    const { looked, epoch, ending, emitted } = restored.json as unknown as State;
    this.#again = emittedOf(emitted, restored.rows.emitted as HeldRows);
    this.#list.restore(restored.rows.pending as HeldRows);
    this.#arrive(this.#list.size);
    this.#waitingFor = Array.from({ length: looked }, (_, place) => this.#headAt(place));
    this.#epoch = epoch;
    this.#ending = ending ?? undefined;
  }

  next(item: StreamChunk): void {
    const first = item.rows === 0 && item.epochEnd === undefined;
    const labelled = this.#options.keepUnlabelled ? item : dropUnlabelled(item);
    if (labelled.rows > 0) {
      const chunk = this.#list.enter(labelled);
      for (let row = 0; row < labelled.rows; row++) this.#list.push(chunk, row);
      this.#arrive(labelled.rows);
    }
    if (!first) this.#epoch = item.epoch;
    this.#ending = item.epochEnd ?? this.#ending;
    if (first) this.#begin();
    this.#emitReady();
  }

  complete(): void {
    this.#emitAll();
  }

  close(): void {
    this.#timer?.abort();
  }

  /** Makes itself known to what follows, and emits again what had not come to its end. */
  #begin(): void {
    this.#emit({ ...emptyChunk, flow: this.#flow, epoch: this.#epoch, sizeBytes: 0, assembleMs: 0 });
    for (const emitted of this.#again.splice(0)) this.#send(emitted, 0);
  }

  #emitReady(): void {
    for (let chosen = this.#choose(); chosen; chosen = this.#choose()) this.#emitRows(chosen);
    if (this.#ending !== undefined) this.#emitAll();
    this.#list.compact();
    this.#watch();
  }

  /** The rows of the next batch, looking at no more than it takes to fill one. */
  #choose(): readonly number[] | undefined {
    for (;;) {
      const chosen = this.#options.quota.choose(this.#waitingFor);
      const place = this.#waitingFor.length;
      if (chosen || place === this.#list.size) return chosen;
      this.#waitingFor.push(this.#headAt(place));
    }
  }

  #headAt(place: number): string | undefined {
    return this.#options.quota.headOf(this.#list.chunk(this.#list.of(place)), this.#list.row(place));
  }

  /** Emits all rows, also those that wait, and the end of the epoch. */
  #emitAll(): void {
    while (this.#list.size > 0) {
      const count = Math.min(this.#options.rows, this.#list.size);
      this.#emitRows(Array.from({ length: count }, (_, place) => place));
    }
    const ending = this.#ending;
    if (ending === undefined) return;
    this.#ending = undefined;
    this.#send({ chunk: emptyChunk, epoch: this.#epoch, epochEnd: ending }, 0);
  }

  #emitRows(places: readonly number[]): void {
    const started = performance.now();
    const chosen = new Set(places);
    this.#waitingFor = this.#waitingFor.filter((_, place) => !chosen.has(place));
    this.#arrivedMs = this.#arrivedMs.filter((_, place) => !chosen.has(place));
    const chunk = this.#list.gather(this.#list.take(places));
    this.#send({ chunk, epoch: this.#epoch }, performance.now() - started);
  }

  #send(emitted: Emitted, assembleMs: number): void {
    const { chunk, ...place } = emitted;
    const own = { ...chunk, labels: presentLabels(chunk.labels) };
    // Where nobody takes it further, nobody says when it has ended.
    if (this.#flow.consumed) this.#emitted.add(emitted);
    this.#emit({ ...own, ...place, flow: this.#flow, sizeBytes: chunkBytes(own), assembleMs });
  }

  #arrive(rows: number): void {
    const nowMs = this.#options.limit?.clock.monotonicMs();
    for (let row = 0; nowMs !== undefined && row < rows; row++) this.#arrivedMs.push(nowMs);
  }

  /** Lets an incomplete batch go when its first row has waited long enough. */
  #watch(): void {
    const { limit } = this.#options;
    this.#timer?.abort();
    const [firstMs] = this.#arrivedMs;
    if (!limit || firstMs === undefined) return;
    const { timeLimitMs, clock, fail } = limit;
    const timer = new AbortController();
    this.#timer = timer;
    clock.sleep(firstMs + timeLimitMs - clock.monotonicMs(), timer.signal).then(
      () => {
        try {
          if (!timer.signal.aborted) this.#emitAll();
        } catch (error) {
          fail(error);
        }
      },
      (error) => {
        if (!timer.signal.aborted) fail(error);
      },
    );
  }
}

function dropUnlabelled(item: StreamChunk): StreamChunk {
  const marks = new Uint8Array(item.rows);
  const left = markLabelled(marks, item.labels, Object.keys(item.labels));
  return left === 0 ? item : keepRows(item, (row) => marks[row] === 1, 'unlabelled');
}

/** Labels of the heads that have any, so that a batch is the same however its rows were read. */
function presentLabels(labels: Readonly<Record<string, LabelColumn>>): Record<string, LabelColumn> {
  return Object.fromEntries(Object.entries(labels).filter(([, { present }]) => present.includes(1)));
}
