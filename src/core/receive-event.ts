/** What happens where others send to us. Plain data, as all events. */
export type ReceiveEvent = ServerStarted | RecordsReceived | RecordsRefused | RequestFailed | ForgettingFailed;

/** The server answers. */
export interface ServerStarted {
  readonly type: 'serverStarted';
  readonly url: string;
  /** What it answers: `POST /v1/samples`. */
  readonly routes: readonly string[];
}

/** A request was looked at, and what was good of it is kept. */
export interface RecordsReceived {
  readonly type: 'recordsReceived';
  readonly source: string;
  readonly accepted: number;
  /** Records whose id was accepted before. */
  readonly duplicates: number;
  /** Records, by reason. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Labels that were left out of accepted records. */
  readonly labels: number;
  /** Of the body. */
  readonly sizeBytes: number;
}

/** A request was turned away: training is behind, the log is full, or the disk does not take it. */
export interface RecordsRefused {
  readonly type: 'recordsRefused';
  readonly source: string;
  readonly reason: 'backlog' | 'logFull' | 'unwritable' | 'closing';
  readonly message?: string;
}

/** An answer failed for a reason that is not the request's. */
export interface RequestFailed {
  readonly type: 'requestFailed';
  readonly route: string;
  readonly message: string;
}

/** A source could not forget what a checkpoint covers: it is kept longer. */
export interface ForgettingFailed {
  readonly type: 'forgettingFailed';
  readonly source: string;
  readonly message: string;
}
