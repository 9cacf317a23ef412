/** From when on a value is looked at, and from when on somebody is called: above it, or below it where `below`. */
export interface Limit {
  readonly warning?: number;
  readonly critical?: number;
  readonly below?: true;
}

/** What dashboards colour and alerts fire at: the same. */
export const limits = {
  /** Seconds without a step although samples wait. */
  stepAge: { warning: 60, critical: 300 },
  /** Seconds without a sample. */
  starved: { warning: 1800 },
  /** Seconds in which a head had no label although others had. */
  staleness: { warning: 3600 },
  /** Seconds since the last checkpoint: as much would be trained again. */
  checkpointAge: { warning: 3600, critical: 4 * 3600 },
  /** Share of what was received that could not be samples. */
  rejected: { warning: 0.05, critical: 0.5 },
  /** Share of its size by which the process grows in a day. */
  growth: { warning: 0.25 },
  /** Seconds that the event loop comes back late. */
  eventLoop: { warning: 0.02, critical: 0.2 },
  /** What should not be there at all. */
  none: { critical: 1 },
  silent: { warning: 1 },
} as const satisfies Readonly<Record<string, Limit>>;
