import type { MonoTypeOperatorFunction } from 'rxjs';
import { z } from 'zod';
import type { Chunk } from '../core/chunk.ts';
import { parseConfig } from '../core/config.ts';
import { chunkBytes, gatherRows } from '../core/rows.ts';
import { Draws } from './draw.ts';
import type { Flow } from './flow.ts';
import type { StreamChunk } from './item.ts';
import { onFlow, type Part } from './operator.ts';
import { RowList } from './row-list.ts';
import type { HeldRows } from './state.ts';

/** How many rows are kept, and how often they come once more. */
export interface ReservoirOptions {
  /** Rows that are kept for each head. */
  readonly rowsPerHead: number;
  /** Share of what goes on that was kept and comes once more, from 0 up to 1. */
  readonly share: number;
  /** Seed of what is kept, and of what comes when. 0 when left out. */
  readonly seed?: number;
}

const schema = z.strictObject({
  rowsPerHead: z.number().int().positive(),
  share: z.number().min(0).lt(1),
  seed: z.number().int().default(0),
});

/** What is kept for a head: how many labels it has had, and the places of those that were kept. */
interface Sample {
  seen: number;
  readonly places: number[];
  readonly draws: Draws;
}

/**
 * Keeps a uniform sample of the rows with a label of each head, and mixes rows of it into the stream: each head as often
 * as the others, with its label alone. Rows that come once more are counted apart. Holds at most twice the bytes of
 * `rowsPerHead` rows for each head, and a chunk.
 * @throws ConfigError when an option is wrong
 * @see Vitter 1985, Algorithm R, doi:10.1145/3147.3165
 */
export function reservoir(options: ReservoirOptions): MonoTypeOperatorFunction<StreamChunk> {
  const checked = parseConfig(schema, options, 'reservoir');
  return onFlow('reservoir', (flow, emit) => new Reservoir(flow, emit, checked));
}

class Reservoir implements Part<StreamChunk> {
  readonly #flow: Flow;
  readonly #emit: (item: StreamChunk) => void;
  readonly #options: Required<ReservoirOptions>;
  readonly #list = new RowList();
  readonly #samples = new Map<string, Sample>();
  /** Heads with a sample, sorted: chunks may name them in any order. */
  #heads: string[] = [];
  readonly #draws: Draws;
  /** Numbers drawn for rows that come once more. */
  #count = 0;
  /** How many such rows are due. */
  #due = 0;

  constructor(flow: Flow, emit: (item: StreamChunk) => void, options: Required<ReservoirOptions>) {
    this.#flow = flow;
    this.#emit = emit;
    this.#options = options;
    this.#draws = new Draws(options.seed, 'reservoir');
    const restored = flow.register({
      name: 'reservoir',
      state: () => ({
        json: {
          count: this.#count,
          due: this.#due,
          samples: [...this.#samples].map(([head, { seen, places }]) => ({ head, seen, places: [...places] })),
        },
        rows: { kept: this.#list.held() },
      }),
    });
    if (!restored) return;
    const { count, due, samples } = restored.json as unknown as {
      count: number;
      due: number;
      samples: { head: string; seen: number; places: number[] }[];
    };
    this.#count = count;
    this.#due = due;
    for (const { head, seen, places } of samples) Object.assign(this.#sample(head), { seen, places: [...places] });
    this.#list.restore(restored.rows.kept as HeldRows);
  }

  next(item: StreamChunk): void {
    if (item.rows === 0) {
      this.#emit(item);
      return;
    }
    const { flow, epoch, epochEnd } = item;
    const chunk = this.#list.enter(item);
    const out = { of: [] as number[], rows: [] as number[] };
    /** Of rows that come once more: their places among those that go on, and the head they come for. */
    const again: { readonly place: number; readonly head: string }[] = [];
    const { share } = this.#options;
    for (let row = 0; row < item.rows; row++) {
      out.of.push(chunk);
      out.rows.push(row);
      this.#due += share / (1 - share);
      for (; this.#due >= 1 && this.#samples.size > 0; this.#due--) {
        const { head, place } = this.#draw();
        again.push({ place: out.of.length, head });
        out.of.push(this.#list.of(place));
        out.rows.push(this.#list.row(place));
      }
      this.#consider(item, chunk, row);
    }
    const mixed = again.length === 0 ? item : this.#once(this.#list.copy(out), again);
    this.#list.shrink(chunk);
    this.#list.compact();
    this.#emit({ ...mixed, flow, epoch, ...(epochEnd === undefined ? {} : { epochEnd }) });
  }

  /** A kept row: of a random head, a random one. */
  #draw(): { readonly head: string; readonly place: number } {
    const head = this.#heads[this.#draws.below(this.#heads.length, this.#count++)] as string;
    const { places } = this.#sample(head);
    return { head, place: places[this.#draws.below(places.length, this.#count++)] as number };
  }

  /** Keeps a row, perhaps, for each head that it has a label of. */
  #consider({ labels }: Chunk, chunk: number, row: number): void {
    for (const [head, { present }] of Object.entries(labels)) {
      if (!present[row]) continue;
      const sample = this.#sample(head);
      const { places, draws } = sample;
      const chosen = draws.below(++sample.seen, sample.seen);
      if (places.length < this.#options.rowsPerHead) {
        places.push(this.#list.size);
        this.#list.push(chunk, row);
      } else if (chosen < places.length) this.#list.set(places[chosen] as number, chunk, row);
    }
  }

  #sample(head: string): Sample {
    const known = this.#samples.get(head);
    if (known) return known;
    const sample = { seen: 0, places: [], draws: new Draws(this.#options.seed, `reservoir/${head}`) };
    this.#samples.set(head, sample);
    this.#heads = [...this.#samples.keys()].sort();
    return sample;
  }

  /** Marks rows that come once more, and leaves each the label of the head it comes for. */
  #once(chunk: Chunk, again: readonly { readonly place: number; readonly head: string }[]): Chunk {
    const repeats = new Uint8Array(chunk.rows);
    repeats.set(chunk.repeats ?? []);
    for (const { place, head } of again) {
      repeats[place] = 1;
      for (const [other, { present }] of Object.entries(chunk.labels)) if (other !== head) present[place] = 0;
    }
    const rows = again.map(({ place }) => place);
    const sizeBytes = chunkBytes(gatherRows([chunk], { of: new Int32Array(rows.length), rows }));
    this.#flow.repeat({ rows: again.length, sizeBytes });
    return { ...chunk, repeats };
  }
}
