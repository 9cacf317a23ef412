import type { Observable } from 'rxjs';
import { z } from 'zod';
import type { Json } from '../core/chunk.ts';
import { parseConfig } from '../core/config.ts';
import { ConfigError } from '../core/error.ts';
import { chunkBytes, emptyChunk } from '../core/rows.ts';
import type { Position, Reading, Source } from '../source/source.ts';
import { Flow } from './flow.ts';
import type { DeadLetter, RejectLimit } from './flow-options.ts';
import type { StreamChunk } from './item.ts';
import { type Feed, pump } from './pump.ts';
import type { FlowState, StreamState } from './state.ts';

/** How often and how far ahead a source is read, and what becomes of what can't be. */
export interface FromSourceOptions {
  /** How often the source is read; `Infinity` without end. 1 when left out. */
  readonly epochs?: number;
  /** Where the first epoch begins. */
  readonly from?: Position;
  /** What rules may know the rows by, besides the source's name. */
  readonly tags?: readonly string[];
  /** Rows and bytes that are read ahead of what the operators hold. 4,096 rows and 64 MiB when left out. */
  readonly rows?: number;
  readonly sizeBytes?: number;
  /** Takes records that can't be samples, and labels that can't be. */
  readonly deadLetter?: DeadLetter;
  readonly rejectLimit?: RejectLimit;
  /** A state to go on from, in place of `from`. */
  readonly restore?: StreamState;
  /** Ends the stream with its reason. */
  readonly signal?: AbortSignal;
}

const schema = z.strictObject({
  epochs: z.union([z.literal(Number.POSITIVE_INFINITY), z.number().int().positive()]).default(1),
  from: z.unknown().optional(),
  tags: z.array(z.string()).default([]),
  rows: z.number().int().positive().default(4096),
  sizeBytes: z
    .number()
    .positive()
    .default(64 * 2 ** 20),
  deadLetter: z.unknown().optional(),
  rejectLimit: z.strictObject({ share: z.number().min(0).max(1), after: z.number().int().min(0) }).optional(),
  restore: z.unknown().optional(),
  signal: z.unknown().optional(),
});

/** Where a source is: its epoch, and the position in it, or its beginning. */
interface Place {
  readonly epoch: number;
  readonly position?: Position;
}

/**
 * Samples of a source, read only while they are wanted: while rows and bytes that are pending are fewer than what is
 * granted, or who uses them up has nothing to do. Each subscription reads for itself. At the end of each epoch comes an
 * item that says so.
 * @throws ConfigError when an option is wrong or the state is of other operators; TrunklineError when the medium fails
 *   or too much is rejected: errors of the stream
 */
export function fromSource(source: Source, options: FromSourceOptions = {}): Observable<StreamChunk> {
  const { epochs, tags, rows, sizeBytes } = parseConfig(schema, options, 'fromSource');
  const { name, heads, mayHaveNewHeads = false, inputs, replayable, isEndless = false } = source;
  const { deadLetter, rejectLimit, restore, signal, from } = options;
  return pump(() => {
    const restored = restore && stateOf(restore, name);
    const flow = new Flow({
      name,
      heads,
      mayHaveNewHeads,
      inputs,
      origins: [{ source: name, tags }],
      credit: { rows, sizeBytes },
      isEndless,
      ...(deadLetter ? { deadLetter } : {}),
      ...(rejectLimit ? { rejectLimit } : {}),
      ...(restored ? { restore: restored } : {}),
      ...(replayable ? {} : { notReplayable: `source '${name}' can't be read again` }),
    });
    const start: Place = { epoch: 1, ...(from === undefined ? {} : { position: from }) };
    return new SourceFeed(source, flow, epochs, (restored?.place as Place | undefined) ?? start);
  }, signal);
}

/** @throws ConfigError when the state has nothing of that name */
export function stateOf(state: StreamState, name: string): FlowState {
  const own = state[name];
  if (own) return own;
  const found = Object.keys(state)
    .map((known) => `'${known}'`)
    .join(', ');
  throw new ConfigError({ where: 'restore', expected: `a state of '${name}'`, found: found || 'an empty one' });
}

class SourceFeed implements Feed {
  readonly flow: Flow;
  readonly #source: Source;
  readonly #epochs: number;
  #place: Place;
  #reading: AsyncIterator<Reading> | undefined;
  /** Whether something was read of the epoch. */
  #some = false;

  constructor(source: Source, flow: Flow, epochs: number, place: Place) {
    this.#source = source;
    this.flow = flow;
    this.#epochs = epochs;
    this.#place = place;
    flow.at(() => this.#place as unknown as Json);
  }

  get epoch(): number {
    return this.#place.epoch;
  }

  async next(): Promise<(() => StreamChunk | undefined) | undefined> {
    const { flow } = this;
    const { epoch, position } = this.#place;
    if (epoch > this.#epochs) return undefined;
    this.#reading ??= this.#read(position);
    const { done, value } = await this.#reading.next();
    if (done) return () => this.#endEpoch();
    await flow.report(value.rejected);
    return () => {
      const { chunk, rejected } = value;
      this.#place = { epoch, position: value.position };
      this.#some = true;
      flow.receive({ rows: chunk.rows, sizeBytes: chunkBytes(chunk) });
      flow.reject(rejected);
      return chunk.rows > 0 ? { ...chunk, flow, epoch } : undefined;
    };
  }

  #read(position: Position | undefined): AsyncIterator<Reading> {
    this.#some = position !== undefined;
    const options = { signal: this.flow.signal, ...(position === undefined ? {} : { from: position }) };
    return this.#source.read(options)[Symbol.asyncIterator]();
  }

  #endEpoch(): StreamChunk {
    const { epoch } = this.#place;
    if (!this.#some && this.#epochs === Number.POSITIVE_INFINITY)
      throw new ConfigError({
        where: `source '${this.#source.name}'`,
        expected: 'something to read in every epoch, as there is no end of them',
        found: 'an empty one',
      });
    this.#reading = undefined;
    this.#place = { epoch: epoch + 1 };
    return { ...emptyChunk, flow: this.flow, epoch, epochEnd: epoch };
  }

  close(): void {
    // The flow has ended and its signal says so: nobody is left to hear of an error.
    this.#reading?.return?.().catch(() => {});
  }
}
