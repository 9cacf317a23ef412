import type { TypedArray } from '../core/dtype.ts';
import type { DenominatorState } from '../loss/index.ts';
import type { MergeState } from '../merge/index.ts';
import type { ScheduleState } from '../optimizer/index.ts';
import type { UsualLoss } from './spike.ts';

/** What is remembered of one head. */
export interface HeadMemory {
  /** Steps in which the head had a label. */
  readonly clock: number;
  /** Labels it was trained on. */
  readonly labels: number;
  /** Number of the last step that trained it, from 1 on. */
  readonly lastStep: number;
  readonly denominator?: DenominatorState;
  /** Where spikes are looked for. */
  readonly usual?: UsualLoss;
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
  /** Which slots and clocks are of. */
  readonly optimizer?: string;
  readonly heads: Readonly<Record<string, HeadMemory>>;
  /** By head; and branches that stay as they are. */
  readonly settings: Readonly<Record<string, HeadChoice>>;
  readonly frozen: readonly string[];
  /** By branch: factor of its learning rate, where one was chosen. */
  readonly learningRates: Readonly<Record<string, number>>;
  readonly merge: MergeState;
  /** By group of parameters: by layer. */
  readonly schedules: Readonly<Record<string, ScheduleState>>;
  /** `parameter/…`, `slot/…` and `clock/…`, as the engine holds them; `window/…` are the labels that heads are scored on. */
  readonly arrays: Readonly<Record<string, TypedArray>>;
}

export const freshHead: HeadMemory = { clock: 0, labels: 0, lastStep: 0 };
