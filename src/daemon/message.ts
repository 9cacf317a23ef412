import type { TrunklineEvent } from '../core/event.ts';
import type { LogLevel } from '../core/log-level.ts';
import type { ReloadOutcome } from '../core/steering.ts';

/** What the supervisor asks of a pipeline's process. */
export type Order =
  | { readonly type: 'stop' }
  | { readonly type: 'checkpoint' }
  /** Takes over what changed in the pipeline file; when nothing did, goes on after a pause. */
  | { readonly type: 'reload' };

/** What a pipeline's process tells the supervisor. */
export type Told =
  /** Of all but steps. */
  | { readonly type: 'event'; readonly event: TrunklineEvent }
  | Pulse
  /** How much of it is to be logged from now on. */
  | { readonly type: 'logLevel'; readonly level: LogLevel }
  | { readonly type: 'reloaded'; readonly outcome: ReloadOutcome }
  | { readonly type: 'ended'; readonly outcome: 'finished' | 'stopped' }
  /** @property isFinal whether another try would end alike: the pipeline file is wrong */
  | { readonly type: 'failed'; readonly message: string; readonly isFinal: boolean };

/** Sent while the process is alive, whatever it does: what the steps since the last one came to. */
export interface Pulse {
  readonly type: 'pulse';
  /** Steps taken in all. */
  readonly step: number;
  readonly steps: number;
  readonly rows: number;
  /** Mean over the steps; undefined when there were none. */
  readonly loss?: number;
  /** How long what is under way has been under way; 0 when nothing is. */
  readonly underWayMs: number;
}
