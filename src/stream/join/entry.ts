import { createHash } from 'node:crypto';

/** Labels whose sample has not come. */
export const early = 0;
/** A sample that no label of has come. */
export const waiting = 1;
/** A sample that went on with labels, and waits for those of other heads. */
export const sent = 2;
/** A sample that waits no more: its labels came, or its time is over. It is remembered, for what comes late or twice. */
export const past = 3;
export type EntryKind = typeof early | typeof waiting | typeof sent | typeof past;

/** What is known of an id. */
export interface Entry {
  readonly kind: EntryKind;
  /** Tells entries of one time apart: ascending. */
  readonly order: number;
  /** When it ends. */
  readonly dueMs: number;
  readonly sizeBytes: number;
  /** Numbers of the heads whose labels came. */
  readonly heads: readonly number[];
  /** Numbers of what is kept: of a sample, one or none; of labels, as they came. */
  readonly rows: readonly number[];
}

/** As it is written. */
export type WrittenEntry = readonly [EntryKind, number, number, number, readonly number[], readonly number[]];

export const writeEntry = ({ kind, order, dueMs, sizeBytes, heads, rows }: Entry): WrittenEntry => [
  kind,
  order,
  dueMs,
  sizeBytes,
  heads,
  rows,
];

export const readEntry = ([kind, order, dueMs, sizeBytes, heads, rows]: WrittenEntry): Entry => ({
  kind,
  order,
  dueMs,
  sizeBytes,
  heads,
  rows,
});

/** Where an entry stands among those that end: what is only remembered apart, as it goes first when there is no room. */
export type DueKey = [isWaiting: 0 | 1, dueMs: number, order: number];
export const dueKey = ({ kind, dueMs, order }: Entry): DueKey => [kind === past ? 0 : 1, dueMs, order];

const longestId = 256;
const hashed = '\u0001#';

/** What an id is found by: itself, unless it is longer than the store takes. */
export function keyOf(id: string): string {
  if (id.length <= longestId && !id.startsWith(hashed)) return id;
  return hashed + createHash('sha256').update(id).digest('base64url');
}

/** Bytes that an entry takes up besides what is kept with it, about. */
export const entryBytes = (key: string): number => 128 + 4 * key.length;
