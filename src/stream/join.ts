import type { Observable } from 'rxjs';
import { z } from 'zod';
import { type Clock, systemClock } from '../core/clock.ts';
import { parseConfig } from '../core/config.ts';
import { type EventSink, ignoreEvents } from '../core/event.ts';
import type { DeadLetter } from './flow-options.ts';
import type { StreamChunk } from './item.ts';
import { Joined } from './join/joined.ts';
import { pump } from './pump.ts';
import type { StreamState } from './state.ts';

export interface JoinOptions {
  /** Folder of what waits. It belongs to one join alone, and is emptied by a stream that begins anew. */
  readonly directory: string;
  /** How long samples wait for labels, and labels for their sample. For as long again an id is remembered. */
  readonly ttlMs: number;
  /** Ids that something is kept of, at most: what would end first goes. A million when left out. */
  readonly maxItems?: number;
  /** Bytes that are kept, at most; besides what a checkpoint may still go back to. 4 GiB when left out. */
  readonly maxBytes?: number;
  /** What becomes of a label whose sample's time is over. `drop` when left out; it is counted in any case. */
  readonly onLate?: 'train' | 'deadLetter' | 'drop';
  /**
   * What `ttlMs` is measured by: the highest event time seen (a row without one has that), or the clock. `event` when
   * left out: without any event times nothing ends but for lack of room.
   */
  readonly time?: 'event' | 'processing';
  /** Takes labels that came too late, where `onLate` says so. */
  readonly deadLetter?: DeadLetter;
  /** Name of the joined flow, in states and errors. `join` when left out. */
  readonly name?: string;
  /** A state to go on from; both streams are given it too. */
  readonly restore?: StreamState;
  /** Where time comes from; the system's clock when left out. */
  readonly clock?: Clock;
  /** Told when the disk does not take what waits, and when it does again. */
  readonly events?: EventSink;
}

const schema = z.strictObject({
  directory: z.string().min(1),
  ttlMs: z.number().positive(),
  maxItems: z.number().int().positive().default(1_000_000),
  maxBytes: z
    .number()
    .positive()
    .default(4 * 2 ** 30),
  onLate: z.enum(['train', 'deadLetter', 'drop']).default('drop'),
  time: z.enum(['event', 'processing']).default('event'),
  name: z.string().default('join'),
  deadLetter: z.unknown().optional(),
  restore: z.unknown().optional(),
  clock: z.unknown().optional(),
  events: z.unknown().optional(),
});

/**
 * Joins samples with labels that come apart from them, by id. A sample goes on when it has a label, with all it has; for
 * labels of other heads that come later it goes on once more, with those alone: a repeat. Each label of a sample and head
 * goes on once. What waits is on the disk: samples, and labels whose sample has not come. Where both streams have an end
 * rows are taken by their event times, or in turn where they have none, so that runs repeat bit for bit; else as they
 * come, and neither waits for the other. What comes out is a flow of its own: what waits is pending in it. When both
 * streams have ended, what still waits expires.
 * @throws ConfigError when an option is wrong, two flows have one name, a stream does not begin at a source, samples or
 *   labels have no ids, or the folder is not the one that the state was taken beside
 */
export function join(
  samples$: Observable<StreamChunk>,
  labels$: Observable<StreamChunk>,
  options: JoinOptions,
): Observable<StreamChunk> {
  const { directory, ttlMs, maxItems, maxBytes, onLate, time, name } = parseConfig(schema, options, 'join');
  const { restore, clock = systemClock, events = ignoreEvents, deadLetter } = options;
  const checked = { directory, ttlMs, maxItems, maxBytes, onLate, time, name, clock, events };
  const more = { ...(restore ? { restore } : {}), ...(deadLetter ? { deadLetter } : {}) };
  return pump(() => new Joined(samples$, labels$, { ...checked, ...more }));
}
