import { TrunklineError } from './error.ts';

/** What may be changed of a head while it is trained: see `HeadSettings`. Nothing is compiled for it. */
export interface HeadSetting {
  /** Factor of its loss in the merged one. */
  readonly weight: number;
  /** Factor of the learning rate of what only this head uses. */
  readonly learningRate: number;
  /** Whether what only this head uses stays as it is. */
  readonly frozen: boolean;
}

/** What may be changed of a branch: of its parameters, whichever heads they are for. */
export interface BranchSetting {
  /** Factor of its learning rate. */
  readonly learningRate: number;
  readonly frozen: boolean;
}

/** What a run is set to now, by the names of heads and branches. */
export interface RunSettings {
  readonly heads: Readonly<Record<string, HeadSetting>>;
  readonly branches: Readonly<Record<string, BranchSetting>>;
}

/** What is to be set otherwise; all else stays. */
export interface SettingsChange {
  readonly heads: Readonly<Record<string, Partial<HeadSetting>>>;
  readonly branches: Readonly<Record<string, Partial<BranchSetting>>>;
}

/** A run, for who steers it from outside. */
export interface Steering {
  /** Steps taken. */
  readonly step: number;
  /** Whether it has gone on from its checkpoint, or begun anew: before that it can't be steered. */
  readonly isBegun: boolean;
  readonly isPaused: boolean;
  /**
   * Begins no more steps. Resolves when none is under way, or the run goes on or ends before that.
   * @param reason for those who look
   */
  pause(reason: string): Promise<void>;
  /** Goes on after a pause. */
  continue(): void;
  /** Lets a paused run take so many steps, as soon as there are batches for them. @throws SteeringError when it is not paused */
  advance(steps: number): void;
  /** Keeps the run as it is now, or as it is after the steps under way. Resolves with whether that is on the disk. */
  checkpoint(): Promise<boolean>;
  settings(): RunSettings;
  /**
   * Sets all of a change, or nothing of it: from the next step that is begun, and with the next checkpoint for good: ask for one.
   * @throws ConfigError naming heads and branches that the model does not have
   */
  set(change: SettingsChange): void;
}

/** What became of a changed pipeline file. */
export type ReloadOutcome =
  | { readonly result: 'same' }
  | { readonly result: 'applied'; readonly changes: readonly string[] }
  /** The old pipeline goes on. */
  | { readonly result: 'restartRequired'; readonly changes: readonly string[] }
  | { readonly result: 'invalid'; readonly message: string };

/** What was asked for does not go with how the run stands. */
export class SteeringError extends TrunklineError {
  override readonly name = 'SteeringError';
}
