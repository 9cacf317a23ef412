import type { Observable } from 'rxjs';
import type { Json } from '../../core/chunk.ts';
import type { Clock } from '../../core/clock.ts';
import type { EventSink } from '../../core/event.ts';
import type { Path } from '../../core/zod-issue.ts';
import type { Source } from '../../source/source.ts';
import type { StepRunner } from '../../step/runner.ts';
import type { StepItem, StreamBatch } from '../../stream/item.ts';
import type { StreamState } from '../../stream/state.ts';
import type { Places } from './covered.ts';
import type { Plateaus } from './plateaus.ts';
import type { Restored, Resumption } from './restore.ts';

/** When heads are scored, and on what. Always at the end of the run. */
export interface EvaluationPlan {
  readonly source: Source;
  /** How many rows it has, where that is known. */
  readonly rows?: number;
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
  /** Besides those, one for every so many steps is kept for good. */
  readonly keepEvery?: number;
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
  /** The run pauses after so many batches in a row of which nothing was finite; never when left out. */
  readonly pauseAfter?: number;
  /** The model goes back to the last checkpoint after so many losses of a head in a row that are spikes; never when left out. */
  readonly goBackAfter?: number;
  /** Told of every step before anybody else. */
  readonly onStep?: (item: StepItem) => void;
  /** Called with what the stream goes on from, before it does. */
  readonly onRestored?: (restored: Restored) => Promise<void>;
  /** Makes what was told of steps outlast a power cut. No checkpoint is there before that. */
  readonly flush?: () => Promise<void>;
  readonly evaluations: readonly EvaluationPlan[];
  /** Told what heads are worth on the first of those sources, and part of checkpoints. */
  readonly plateaus?: Plateaus;
  readonly checkpoint: CheckpointPlan;
  /** Told what nobody will read again, after a checkpoint was written: see `Coverage`. */
  covered?(places: Places): Promise<void>;
  /** What must be the same for a run to go on: what decides the numbers. */
  readonly identity: Json;
  /** Whether a run goes on although what stands at this place of its identity is another now; false when left out. */
  readonly reloadable?: (path: Path) => boolean;
  /** Heads that were made from the template: part of checkpoints, as nobody else names them. */
  readonly made?: readonly string[];
  /** What else a run goes on from: what features were fitted to. It does not change while training. */
  readonly fitted: Json;
}

export interface RunOptions {
  readonly clock: Clock;
  readonly events: EventSink;
  /** How the run goes on from its newest checkpoint; it begins when left out. */
  readonly resume?: Resumption;
}
