import type { TypedArray } from '../core/dtype.ts';
import type { DenominatorState } from '../loss/index.ts';
import type { MergeState } from '../merge/index.ts';
import type { ScheduleState } from '../optimizer/index.ts';

/** What is remembered of one head. */
export interface HeadMemory {
  /** Steps in which the head had a label. */
  readonly clock: number;
  /** Labels it was trained on. */
  readonly labels: number;
  readonly denominator?: DenominatorState;
}

/** What was chosen for one head while training. */
export interface HeadChoice {
  readonly weight: number;
  readonly learningRate: number;
  readonly frozen: boolean;
}

/** Everything a run continues from, besides the model's own description. By name throughout. */
export interface StepState {
  /** Steps taken: what random masks are drawn for. */
  readonly steps: number;
  readonly heads: Readonly<Record<string, HeadMemory>>;
  /** By head; and branches that stay as they are. */
  readonly settings: Readonly<Record<string, HeadChoice>>;
  readonly frozen: readonly string[];
  readonly merge: MergeState;
  /** By group of parameters. */
  readonly schedules: Readonly<Record<string, ScheduleState>>;
  /** `parameter/…`, `slot/…` and `clock/…`, as the engine holds them. */
  readonly arrays: Readonly<Record<string, TypedArray>>;
}

export const freshHead: HeadMemory = { clock: 0, labels: 0 };
