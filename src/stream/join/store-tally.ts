import { type Entry, early, waiting } from './entry.ts';

/** How much a store holds. */
export interface StoreTally {
  /** Ids that something is known of. */
  readonly items: number;
  readonly sizeBytes: number;
  /** Samples that no label of has come. */
  readonly samplesWaiting: number;
  /** Labels whose sample has not come. */
  readonly labelsWaiting: number;
}

export const emptyTally: StoreTally = { items: 0, sizeBytes: 0, samplesWaiting: 0, labelsWaiting: 0 };

/** The tally when one entry stands in the place of another, or of none. */
export function tallied(tally: StoreTally, before: Entry | undefined, after: Entry | undefined): StoreTally {
  const change = (of: (entry: Entry) => number): number => (after ? of(after) : 0) - (before ? of(before) : 0);
  return {
    items: tally.items + change(() => 1),
    sizeBytes: tally.sizeBytes + change(({ sizeBytes }) => sizeBytes),
    samplesWaiting: tally.samplesWaiting + change(({ kind }) => Number(kind === waiting)),
    labelsWaiting: tally.labelsWaiting + change(({ kind, heads }) => (kind === early ? heads.length : 0)),
  };
}
