import type { Observable } from 'rxjs';
import type { Json } from '../../core/chunk.ts';
import type { Source } from '../../source/source.ts';
import type { StepRunner } from '../../step/runner.ts';
import type { StreamBatch } from '../../stream/item.ts';
import type { StreamState } from '../../stream/state.ts';

/** When heads are scored, and on what. Always at the end of the run. */
export interface EvaluationPlan {
  readonly source: Source;
  readonly everyEpochs?: number;
  readonly everySteps?: number;
  /** Rows that are computed at once. */
  readonly batchRows?: number;
}

/** When a run is kept, so that it can go on from there. Always at its end. */
export interface CheckpointPlan {
  /** Where checkpoints are. */
  readonly directory: string;
  readonly everyEpochs?: number;
  readonly everySteps?: number;
  readonly everyMs?: number;
  /** How many of the newest are kept, at least 2. */
  readonly keep: number;
}

/** Everything a run needs, whoever put it together. */
export interface RunPlan {
  readonly name: string;
  /** The run folder. */
  readonly directory: string;
  readonly runner: StepRunner;
  /** The batches to train on, from the beginning or from what a checkpoint says. */
  batches$(restore: StreamState | undefined): Observable<StreamBatch>;
  /** Epochs there will be, where they end. */
  readonly epochs?: number;
  readonly rowsPerEpoch?: number;
  /** The run ends after so many steps, those before it was resumed included. */
  readonly steps?: number;
  readonly evaluations: readonly EvaluationPlan[];
  readonly checkpoint: CheckpointPlan;
  /** What must be the same for a run to go on: what decides the numbers. */
  readonly identity: Json;
  /** What else a run goes on from: what features were fitted to. It does not change while training. */
  readonly fitted: Json;
}
