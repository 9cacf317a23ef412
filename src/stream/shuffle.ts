import type { MonoTypeOperatorFunction } from 'rxjs';
import { z } from 'zod';
import { rowBytes } from '../core/column.ts';
import { parseConfig } from '../core/config.ts';
import { emptyChunk } from '../core/rows.ts';
import { Draws } from './draw.ts';
import type { Flow } from './flow.ts';
import type { StreamChunk } from './item.ts';
import { onFlow, type Part } from './operator.ts';
import { RowList } from './row-list.ts';
import type { HeldRows } from './state.ts';

/** The window in which rows are mixed. */
export interface ShuffleOptions {
  /** Rows of the window. */
  readonly rows: number;
  /** Seed of the order. 0 when left out. */
  readonly seed?: number;
  /**
   * Bytes of the window, ids and times included: it holds fewer rows when they are large. A label counts as a number, be
   * it there or not.
   */
  readonly sizeBytes?: number;
}

const schema = z.strictObject({
  rows: z.number().int().positive(),
  seed: z.number().int().default(0),
  sizeBytes: z.number().positive().default(Number.POSITIVE_INFINITY),
});

/**
 * Mixes rows in a window: each that comes takes the place of a random one, which goes on. An epoch's end empties it. The
 * order depends on the seed, the epoch and the rows before, not on how they were read. Holds at most twice the window's
 * bytes and a chunk; while it is emptied, copies of all of it besides.
 * @throws ConfigError when an option is wrong
 */
export function shuffle(options: ShuffleOptions): MonoTypeOperatorFunction<StreamChunk> {
  const { rows, seed, sizeBytes } = parseConfig(schema, options, 'shuffle');
  return onFlow('shuffle', (flow, emit) => new Shuffle(flow, emit, rows, seed, sizeBytes));
}

class Shuffle implements Part<StreamChunk> {
  readonly #emit: (item: StreamChunk) => void;
  readonly #rows: number;
  readonly #seed: number;
  readonly #sizeBytes: number;
  readonly #window = new RowList();
  readonly #labelBytes: number;
  /** Bytes of the rows in the window, where they are limited. They don't depend on the chunks that rows came in. */
  #windowBytes = 0;
  #epoch = 1;
  /** Numbers drawn in the epoch. */
  #count = 0;
  #draws: Draws;
  /** The last item, if it ended no epoch. */
  #open: StreamChunk | undefined;

  constructor(flow: Flow, emit: (item: StreamChunk) => void, rows: number, seed: number, sizeBytes: number) {
    this.#emit = emit;
    this.#rows = rows;
    this.#seed = seed;
    this.#sizeBytes = sizeBytes;
    this.#labelBytes = 5 * flow.heads.length;
    const restored = flow.register({
      name: 'shuffle',
      bound: Number.isFinite(sizeBytes) ? { rows, sizeBytes } : { rows },
      state: () => ({ json: [this.#epoch, this.#count], rows: { window: this.#window.held() } }),
    });
    if (restored) {
      [this.#epoch, this.#count] = restored.json as [number, number];
      this.#window.restore(restored.rows.window as HeldRows);
      for (let place = 0; place < this.#window.size; place++) this.#windowBytes += this.#bytesAt(place);
    }
    this.#draws = this.#drawsOf(this.#epoch);
  }

  next(item: StreamChunk): void {
    this.#open = item;
    const { rows, flow, epoch, epochEnd } = item;
    if (rows === 0 && epochEnd === undefined) {
      this.#emit(item);
      return;
    }
    const leaving: Refs = { of: [], rows: [] };
    const window = this.#window;
    const chunk = window.enter(item);
    for (let row = 0; row < rows; row++) {
      const place = window.size < this.#rows ? window.size : this.#draw(leaving);
      if (place === window.size) window.push(chunk, row);
      else window.set(place, chunk, row);
      this.#windowBytes += this.#bytesAt(place);
      while (this.#windowBytes > this.#sizeBytes && window.size > 1) window.fill(this.#draw(leaving));
    }
    while (epochEnd !== undefined && window.size > 0) window.fill(this.#draw(leaving));
    const gathered = window.gather(leaving);
    window.compact();
    if (epochEnd !== undefined) this.#begin(epochEnd + 1);
    if (gathered.rows > 0 || epochEnd !== undefined)
      this.#emit({ ...gathered, flow, epoch, ...(epochEnd === undefined ? {} : { epochEnd }) });
  }

  complete(): void {
    const last = this.#open;
    if (last && this.#window.size > 0)
      this.next({ ...emptyChunk, flow: last.flow, epoch: last.epoch, epochEnd: last.epoch });
  }

  #begin(epoch: number): void {
    this.#epoch = epoch;
    this.#count = 0;
    this.#draws = this.#drawsOf(epoch);
    this.#open = undefined;
  }

  #drawsOf(epoch: number): Draws {
    return new Draws(this.#seed, `shuffle/${epoch}`);
  }

  /** A random place of the window, whose row goes on. */
  #draw(leaving: Refs): number {
    const place = this.#draws.below(this.#window.size, this.#count++);
    leaving.of.push(this.#window.of(place));
    leaving.rows.push(this.#window.row(place));
    this.#windowBytes -= this.#bytesAt(place);
    return place;
  }

  #bytesAt(place: number): number {
    if (this.#sizeBytes === Number.POSITIVE_INFINITY) return 0;
    const [chunk, row] = [this.#window.chunk(this.#window.of(place)), this.#window.row(place)];
    // Where others of its chunk have a time and it has none, a row has NaN: it depends on chunks whether that stands there.
    const timeBytes = Number.isNaN(chunk.timesMs?.[row] ?? Number.NaN) ? 0 : 8;
    const own = this.#labelBytes + 4 + timeBytes + 2 * (chunk.ids?.[row]?.length ?? 0);
    return Object.values(chunk.inputs).reduce((sum, column) => sum + rowBytes(column, row), own);
  }
}

interface Refs {
  readonly of: number[];
  readonly rows: number[];
}
