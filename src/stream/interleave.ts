import type { Observable, Subscription } from 'rxjs';
import { z } from 'zod';
import type { Json } from '../core/chunk.ts';
import { parseConfig } from '../core/config.ts';
import { ConfigError } from '../core/error.ts';
import { chunkBytes, emptyChunk } from '../core/rows.ts';
import { Draws } from './draw.ts';
import type { Flow } from './flow.ts';
import type { StreamChunk } from './item.ts';
import { joinedFlow } from './joined-flow.ts';
import { Lane } from './lane.ts';
import { type Feed, pump } from './pump.ts';
import { RowList } from './row-list.ts';
import type { HeldRows, StreamState } from './state.ts';

/** A stream that takes part, and how often. */
export interface InterleavePart {
  readonly samples$: Observable<StreamChunk>;
  /** How often rows of it come, against the others. 1 when left out. */
  readonly weight?: number;
  /** How many rows its source has: weights follow from that when there is a temperature. */
  readonly rows?: number;
}

export interface InterleaveOptions {
  /** Weights are rows^(1 / temperature): 1 draws rows as often as they are, more makes small sources more frequent. */
  readonly temperature?: number;
  /** Seed of the draw. 0 when left out. */
  readonly seed?: number;
  /** Name of the joined flow, in states and errors. `interleave` when left out. */
  readonly name?: string;
  /** A state to go on from; the streams that take part are given it too. */
  readonly restore?: StreamState;
}

const schema = z.strictObject({
  parts: z
    .array(
      z.strictObject({
        samples$: z.unknown(),
        weight: z.number().positive().optional(),
        rows: z.number().int().positive().optional(),
      }),
    )
    .min(1),
  temperature: z.number().positive().optional(),
  seed: z.number().int().default(0),
  name: z.string().default('interleave'),
  restore: z.unknown().optional(),
});

/** Rows that are joined at once, at most. */
const joinedRows = 1024;

/**
 * Joins streams, row by row: which one the next row is from is drawn by weight, and waited for. One that has ended is
 * drawn no more; when all have, an epoch ends. Ends of their own epochs are theirs alone. What comes out is a flow of its
 * own, which counts the rows that the others have forwarded, and takes in up to 1,024 rows ahead, and as many bytes as
 * the others may read ahead.
 * @throws ConfigError when an option is wrong, two flows have one name, or a stream does not begin at a source
 */
export function interleave(parts: readonly InterleavePart[], options: InterleaveOptions = {}): Observable<StreamChunk> {
  const { temperature, seed, name } = parseConfig(schema, { parts, ...options }, 'interleave');
  const weights = weightsOf(parts, temperature);
  const { restore } = options;
  return pump(() => new Interleaved(parts, weights, new Draws(seed, name), name, restore));
}

function weightsOf(parts: readonly InterleavePart[], temperature: number | undefined): readonly number[] {
  const issues = parts.flatMap(({ weight, rows }, at) => {
    const where = `interleave[${at}]`;
    if (temperature === undefined) return [];
    if (weight !== undefined) return [{ where, expected: 'no weight, as there is a temperature', found: `${weight}` }];
    return rows === undefined ? [{ where: `${where}.rows`, expected: 'how many rows it has', found: 'nothing' }] : [];
  });
  if (issues.length > 0) throw new ConfigError(issues);
  if (temperature === undefined) return parts.map(({ weight = 1 }) => weight);
  return parts.map(({ rows }) => (rows as number) ** (1 / temperature));
}

interface State {
  /** Numbers drawn. */
  readonly count: number;
  /** The lane that the next row is from, when it was drawn. */
  readonly drawn: number | null;
  /** Lanes that were found to have ended. */
  readonly ended: readonly number[];
  /** Whether the end of the epoch was sent. */
  readonly finished: boolean;
}

class Interleaved implements Feed {
  readonly flow: Flow;
  readonly epoch = 1;
  readonly #lanes: readonly Lane[];
  readonly #subscriptions: readonly Subscription[];
  readonly #weights: readonly number[];
  readonly #draws: Draws;
  readonly #origins: readonly number[];
  readonly #ended = new Set<number>();
  #count = 0;
  #drawn: number | undefined;
  #finished = false;

  constructor(
    parts: readonly InterleavePart[],
    weights: readonly number[],
    draws: Draws,
    name: string,
    restore: StreamState | undefined,
  ) {
    this.#weights = weights;
    this.#draws = draws;
    this.#lanes = parts.map(() => new Lane());
    this.#subscriptions = parts.map(({ samples$ }, at) => samples$.subscribe(this.#lanes[at] as Lane));
    try {
      const flows = this.#lanes.map((lane, at) => lane.flowAt(`interleave[${at}]`));
      this.flow = joinedFlow('interleave', flows, { name, ...(restore ? { restore } : {}) });
      this.#origins = flows.map((_, at) => flows.slice(0, at).reduce((sum, { origins }) => sum + origins.length, 0));
      this.#restore();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #restore(): void {
    const lanes = this.#lanes;
    const restored = this.flow.register({
      name: 'interleave',
      state: () => ({
        json: {
          count: this.#count,
          drawn: this.#drawn ?? null,
          ended: [...this.#ended],
          finished: this.#finished,
        } satisfies State as Json,
        rows: Object.fromEntries(lanes.map(({ rows }, at) => [String(at), rows.held()])),
      }),
    });
    if (!restored) return;
    const { count, drawn, ended, finished } = restored.json as unknown as State;
    this.#count = count;
    this.#drawn = drawn ?? undefined;
    for (const at of ended) this.#ended.add(at);
    this.#finished = finished;
    lanes.forEach(({ rows }, at) => {
      rows.restore(restored.rows[String(at)] as HeldRows);
    });
  }

  async next(): Promise<(() => StreamChunk | undefined) | undefined> {
    for (let at = this.#draw(); at !== undefined; at = this.#draw()) {
      const lane = this.#lanes[at] as Lane;
      if (lane.rows.size > 0) return () => this.#join();
      if (lane.ended) this.#leave(at);
      else await lane.arrival();
    }
    return this.#finished ? undefined : () => this.#finish();
  }

  /** The lane that the next row is from. */
  #draw(): number | undefined {
    if (this.#drawn !== undefined) return this.#drawn;
    const open = this.#lanes.map((_, at) => at).filter((at) => !this.#ended.has(at));
    if (open.length === 0) return undefined;
    const total = open.reduce((sum, at) => sum + (this.#weights[at] as number), 0);
    let rest = this.#draws.uniform(this.#count++) * total;
    for (const at of open) {
      this.#drawn = at;
      rest -= this.#weights[at] as number;
      if (rest < 0) break;
    }
    return this.#drawn;
  }

  /** One lane is drawn no more. Only when it was drawn, so that the draw does not depend on when it is known to have ended. */
  #leave(at: number): void {
    this.#ended.add(at);
    this.#drawn = undefined;
  }

  /** Rows as they are drawn, until one has to be waited for. */
  #join(): StreamChunk {
    const { flow } = this;
    const joined = new RowList();
    const chunks = new Map<object, number>();
    const refs = { of: [] as number[], rows: [] as number[] };
    const taken = this.#lanes.map(() => 0);
    while (refs.of.length < joinedRows) {
      const at = this.#draw();
      if (at === undefined) break;
      const { rows } = this.#lanes[at] as Lane;
      const place = taken[at] as number;
      if (place === rows.size) break;
      const chunk = rows.chunk(rows.of(place));
      const number = chunks.get(chunk) ?? joined.enter(this.#located(chunk, at));
      chunks.set(chunk, number);
      refs.of.push(number);
      refs.rows.push(rows.row(place));
      taken[at] = place + 1;
      this.#drawn = undefined;
    }
    const gathered = joined.gather(refs);
    taken.forEach((count, at) => {
      (this.#lanes[at] as Lane).forward(count);
    });
    const repeats = gathered.repeats?.reduce((sum, repeat) => sum + repeat, 0) ?? 0;
    const sizeBytes = chunkBytes(gathered);
    const again = (sizeBytes * repeats) / gathered.rows;
    flow.receive({ rows: gathered.rows - repeats, sizeBytes: sizeBytes - again });
    flow.repeat({ rows: repeats, sizeBytes: again });
    return { ...gathered, flow, epoch: this.epoch };
  }

  /** A chunk whose rows are numbered by where they are from among all that take part. */
  #located(chunk: ReturnType<RowList['chunk']>, at: number): typeof chunk {
    const first = this.#origins[at] as number;
    if (this.flow.origins.length === 1) return chunk;
    const origins = chunk.origins?.map((origin) => origin + first) ?? new Int32Array(chunk.rows).fill(first);
    return { ...chunk, origins };
  }

  #finish(): StreamChunk {
    this.#finished = true;
    return { ...emptyChunk, flow: this.flow, epoch: this.epoch, epochEnd: this.epoch };
  }

  close(): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    for (const lane of this.#lanes) lane.close();
  }
}
