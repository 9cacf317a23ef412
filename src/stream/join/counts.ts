import type { StoreTally } from './store-tally.ts';

/**
 * What became of labels: received = used + duplicate + late + expired + evicted + those that wait, at every moment. And
 * of samples that waited in vain, why.
 */
export interface JoinCounts {
  /** Labels that came, with their samples or without. */
  readonly labelsReceived: number;
  /** Labels that went on with their sample. */
  readonly labelsUsed: number;
  /** Labels of a sample and head that had one. */
  readonly labelsDuplicate: number;
  /** Labels whose sample's time was over, whatever became of them. */
  readonly labelsLate: number;
  /** Labels whose sample has not come in time. */
  readonly labelsExpired: number;
  /** Labels that there was no room for while they waited. */
  readonly labelsEvicted: number;
  /** Samples that no label of has come in time. */
  readonly samplesExpired: number;
  /** Samples that there was no room for while they waited for their first label. */
  readonly samplesEvicted: number;
  /** Samples whose id was known. */
  readonly samplesDuplicate: number;
}

export type Counting = { -readonly [Name in keyof JoinCounts]: number };

export const noCounts: JoinCounts = {
  labelsReceived: 0,
  labelsUsed: 0,
  labelsDuplicate: 0,
  labelsLate: 0,
  labelsExpired: 0,
  labelsEvicted: 0,
  samplesExpired: 0,
  samplesEvicted: 0,
  samplesDuplicate: 0,
};

/** Counts, and what waits. */
export const allCounts = (counts: JoinCounts, tally: StoreTally): Readonly<Record<string, number>> => ({
  ...counts,
  ...tally,
});
