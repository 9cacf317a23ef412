import type { Clock } from '../core/clock.ts';
import type { Where } from '../core/config.ts';
import type { EventSink } from '../core/event.ts';

/** What a source is told beside its options. */
export interface SourceContext {
  /** What it is called: `train`. */
  readonly name: string;
  /** Where its configuration stands, for errors; its name when left out. */
  readonly where?: Where;
  /** Where relative paths begin; the working directory when left out. */
  readonly folder?: string;
  /** Where a run leaves what it needs to go on: the run folder. */
  readonly runFolder?: string;
  /** The system's own when left out. */
  readonly clock?: Clock;
  /** Told when the medium is away for a while, and when it is back. */
  readonly events?: EventSink;
}
