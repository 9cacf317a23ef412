/** Takes rows one after the other and keeps them. */
export interface Sink<Row> {
  /** Where it writes, for errors and reports. */
  readonly name: string;
  /** Resolves when the row was taken; not yet that it is safe. @throws TrunklineError when it can't be written */
  write(row: Row): Promise<void>;
  /** Resolves when everything written so far outlasts a power cut. @returns where the sink is then: see `truncate` */
  flush(): Promise<number>;
  /** Forgets what was written after a place that `flush` gave. */
  truncate(place: number): Promise<void>;
  close(): Promise<void>;
}
