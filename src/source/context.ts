import type { Clock } from '../core/clock.ts';
import type { Where } from '../core/config.ts';

/** What a source is told beside its options. */
export interface SourceContext {
  /** What it is called: `train`. */
  readonly name: string;
  /** Where its configuration stands, for errors; its name when left out. */
  readonly where?: Where;
  /** Where relative paths begin; the working directory when left out. */
  readonly folder?: string;
  /** The system's own when left out. */
  readonly clock?: Clock;
}
