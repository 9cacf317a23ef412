/** What happens while a run trains. Plain data, as all events; heads by name throughout. */
export type TrainEvent =
  | RunStarted
  | StepTaken
  | StepSkipped
  | RecordRejected
  | EpochEnded
  | HeadsEvaluated
  | CheckpointWritten
  | CheckpointDamaged
  | CheckpointFailed
  | RunEnded;

/** A run begins, or goes on from a checkpoint. */
export interface RunStarted {
  readonly type: 'runStarted';
  readonly name: string;
  /** The run folder. */
  readonly directory: string;
  /** Steps taken before: 0 in a new run. */
  readonly step: number;
  /** Epochs completed before. */
  readonly epoch: number;
  /** Epochs there will be; undefined when the run goes on until it is stopped. */
  readonly epochs?: number;
  /** Rows of one epoch, where that is known beforehand. */
  readonly rowsPerEpoch?: number;
  readonly heads: readonly string[];
}

/** What became of one head in a step. */
export interface HeadStep {
  readonly loss: number;
  readonly labels: number;
  /** Factor of its loss in the merged one. */
  readonly weight: number;
  readonly denominator: number;
}

/** A gradient step. */
export interface StepTaken {
  readonly type: 'stepTaken';
  /** Steps taken, this one included. */
  readonly step: number;
  readonly epoch: number;
  readonly rows: number;
  readonly loss: number;
  /** Heads that were trained in it. */
  readonly heads: Readonly<Record<string, HeadStep>>;
  /** Heads that had labels and were left out, and why. */
  readonly rejected: Readonly<Record<string, string>>;
  /** Where the time went: waiting for data, writing the batch, computing, merging, moving parameters. */
  readonly waitMs: number;
  readonly assembleMs: number;
  readonly computeMs: number;
  readonly mergeMs: number;
  readonly updateMs: number;
}

/** A batch that moved nothing. */
export interface StepSkipped {
  readonly type: 'stepSkipped';
  readonly reason: string;
  readonly epoch: number;
  readonly rows: number;
  readonly rejected: Readonly<Record<string, string>>;
}

/** A record that could not be a sample, or a label that could not be one. */
export interface RecordRejected {
  readonly type: 'recordRejected';
  readonly reason: string;
  readonly message: string;
  readonly head?: string;
}

export interface EpochEnded {
  readonly type: 'epochEnded';
  /** From 1 on. */
  readonly epoch: number;
  readonly step: number;
  /** What became of rows so far: received = trained + pending + those of every reason. */
  readonly counts: Readonly<Record<string, number>>;
  readonly durationMs: number;
}

/** What one head is worth on a source. What is undefined has no meaning there. */
export interface HeadEvaluation {
  readonly loss: number | undefined;
  readonly labels: number;
  readonly metrics: Readonly<Record<string, number | undefined>>;
}

/** All heads were scored on a source. */
export interface HeadsEvaluated {
  readonly type: 'headsEvaluated';
  readonly source: string;
  readonly step: number;
  readonly epoch: number;
  readonly rows: number;
  readonly heads: Readonly<Record<string, HeadEvaluation>>;
  readonly durationMs: number;
}

export interface CheckpointWritten {
  readonly type: 'checkpointWritten';
  readonly step: number;
  readonly path: string;
  readonly sizeBytes: number;
  readonly durationMs: number;
}

/** A checkpoint whose files are not those that were written: the one before it is used. */
export interface CheckpointDamaged {
  readonly type: 'checkpointDamaged';
  readonly step: number;
  readonly path: string;
  readonly message: string;
}

/** A checkpoint could not be written: the ones before it stay. */
export interface CheckpointFailed {
  readonly type: 'checkpointFailed';
  readonly step: number;
  readonly message: string;
}

export interface RunEnded {
  readonly type: 'runEnded';
  readonly outcome: 'finished' | 'stopped' | 'failed';
  readonly step: number;
  readonly epoch: number;
  readonly durationMs: number;
  /** Why, when it failed. */
  readonly message?: string;
}
