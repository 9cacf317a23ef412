import type { MergeStrategy } from '../merge/index.ts';
import type { Optimizer } from '../optimizer/index.ts';
import type { ModelProgram } from './program.ts';
import type { Settings } from './settings.ts';
import type { SpikeGuard } from './spike.ts';

/** How steps are taken. */
export interface RunnerOptions {
  readonly optimizer: Optimizer;
  readonly merge: MergeStrategy;
  /** Whether heads that are alike are computed together: faster, the same to rounding. true when left out. */
  readonly fuse?: boolean;
  /** Seed of random masks. */
  readonly seed: number;
  /** Computes the model's batches in another way than node by node, for the same inputs and outputs. */
  readonly program?: ModelProgram;
  /** Runtime inputs, shared with whoever else holds them; by default the runner's own. */
  readonly settings?: Settings;
  /** A head whose loss is a spike is left out of the step. Every loss is trained on, when left out. */
  readonly spike?: SpikeGuard;
}

/** Which memory can't go on. */
export interface Forgotten {
  readonly merge: boolean;
  readonly schedule: boolean;
}

/** Whether a step may be launched before it is known what became of the one before it. */
export const runsAhead = ({ merge, optimizer, spike }: Pick<RunnerOptions, 'optimizer' | 'merge' | 'spike'>): boolean =>
  !merge.remembers && !merge.needsGradients && !optimizer.schedule.remembers && !spike;
