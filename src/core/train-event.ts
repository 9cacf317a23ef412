import type { HeadMean } from './head-means.ts';
import type { ReloadOutcome, SettingsChange } from './steering.ts';

/** What happens while a run trains. Plain data, as all events; heads by name throughout. */
export type TrainEvent =
  | RunStarted
  | StepTaken
  | StepSkipped
  | RecordRejected
  | ModelAdopted
  | RunPaused
  | RunContinued
  | ModelWentBack
  | SettingsChanged
  | HeadsMade
  | HeadRefused
  | ReloadEnded
  | EpochEnded
  | RowsEvaluated
  | HeadsEvaluated
  | HeadsScored
  | CheckpointWritten
  | CheckpointDamaged
  | CheckpointFailed
  | MetricsFailed
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
  /** By branch, of what moved in it: the norm of the gradient, and the learning rate of the first layer that did. */
  readonly gradientNorms: Readonly<Record<string, number>>;
  readonly learningRates: Readonly<Record<string, number>>;
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

/** A model goes on from what another had learned: by the names of parameters. */
export interface ModelAdopted {
  readonly type: 'modelAdopted';
  /** Parameters that were taken over. */
  readonly parameters: number;
  /** Parameters that begin anew, and those that were learned and have no place any more. */
  readonly fresh: readonly string[];
  readonly left: readonly string[];
}

/** No step is begun until somebody lets the run go on. */
export interface RunPaused {
  readonly type: 'runPaused';
  readonly step: number;
  readonly reason: string;
  /** Whether somebody asked for it, who can let it go on. */
  readonly asked: boolean;
}

export interface RunContinued {
  readonly type: 'runContinued';
  readonly step: number;
}

/** The model is what it was at a checkpoint, because it had diverged; the data go on. */
export interface ModelWentBack {
  readonly type: 'modelWentBack';
  /** Steps taken before, and those that are left of them in the model. */
  readonly step: number;
  readonly to: number;
  readonly reason: string;
}

/** Heads or branches are set otherwise from the next step on: what of them, and to what. */
export interface SettingsChanged extends SettingsChange {
  readonly type: 'settingsChanged';
  /** Steps taken before. */
  readonly step: number;
}

/** Labels of heads came that there were none of: they were made from the template, and what was learned goes on. */
export interface HeadsMade {
  readonly type: 'headsMade';
  /** Steps taken before. */
  readonly step: number;
  readonly heads: readonly string[];
}

/** A label came of a head that there is no room for. It is rejected, as those of all other such heads: this is the first. */
export interface HeadRefused {
  readonly type: 'headRefused';
  readonly source: string;
  readonly head: string;
  /** How many heads may be made. */
  readonly max: number;
}

/** A changed pipeline file was looked at. */
export interface ReloadEnded {
  readonly type: 'reloadEnded';
  /** `restartRequired` and `invalid`: the pipeline goes on as it was. */
  readonly result: ReloadOutcome['result'];
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

/** Metrics by type: null where one is undefined, as with labels of one class only. One that was not asked for is not there. */
export type MetricValues = Readonly<Record<string, number | null>>;

/** What one head is worth on a source. */
export interface HeadEvaluation {
  /** Null where there were no labels. */
  readonly loss: number | null;
  readonly labels: number;
  readonly metrics: MetricValues;
}

/** Heads are being scored on a source: told now and then, while that takes long. */
export interface RowsEvaluated {
  readonly type: 'rowsEvaluated';
  readonly source: string;
  readonly step: number;
  readonly epoch: number;
  readonly rows: number;
  /** Rows of the source, where they are known. */
  readonly of?: number;
  /** Losses of heads that had labels so far. */
  readonly heads: Readonly<Record<string, HeadMean>>;
  readonly durationMs: number;
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

/** Metrics of one head over the last labels it was trained on. */
export interface HeadScore {
  readonly labels: number;
  readonly metrics: MetricValues;
}

/** Heads were scored on what they are trained on, each row before it was trained on. */
export interface HeadsScored {
  readonly type: 'headsScored';
  readonly step: number;
  readonly epoch: number;
  readonly heads: Readonly<Record<string, HeadScore>>;
}

export interface CheckpointWritten {
  readonly type: 'checkpointWritten';
  readonly step: number;
  readonly path: string;
  readonly sizeBytes: number;
  /** For which no step was taken. */
  readonly copyMs: number;
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

/** The file of metrics could not be written, and is not written any more: training goes on. */
export interface MetricsFailed {
  readonly type: 'metricsFailed';
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
