/** Takes rows one after the other and keeps them. */
export interface Sink<Row> {
  /** Where it writes, for errors and reports. */
  readonly name: string;
  /** Where the sink is once everything that was given to it so far is flushed: see `truncate`. */
  readonly place: number;
  /** Resolves when the row was taken; not yet that it is safe. @throws TrunklineError when it can't be written */
  write(row: Row): Promise<void>;
  /** Resolves when everything written so far outlasts a power cut. @returns where the sink is then: the place before */
  flush(): Promise<number>;
  /** Forgets what was written after a flush, by the place where the sink was then. Nothing is to be written meanwhile. */
  truncate(place: number): Promise<void>;
  /** Flushes, and lets go of what it writes to. */
  close(): Promise<void>;
}
