import type { ReceiveEvent } from './receive-event.ts';
import type { TrainEvent } from './train-event.ts';

/**
 * What happens inside, told to whoever subscribes: metrics, log, progress, page.
 * An event is plain data, so that it can cross threads; the subscriber that needs a time of day stamps it.
 */
export type TrunklineEvent =
  | EngineChosen
  | ProgramCompiled
  | ProgramEvicted
  | WorkerStarted
  | WorkerFailed
  | WorkerStopped
  | ReceiveEvent
  | SourceAway
  | SourceBack
  | TrainEvent;

/** Takes an event. Must return at once and must not throw: a subscriber never holds training up, and never writes here. */
export type EventSink = (event: TrunklineEvent) => void;

/** The sink of those who do not listen. */
export const ignoreEvents: EventSink = () => {};

/** Which engine runs the programs, and through what: once per start. */
export interface EngineChosen {
  readonly type: 'engineChosen';
  /** The engine's config type, as `onnx-cpu`. */
  readonly engine: string;
  /** What calls the engine's library: `koffi`, the official `binding`, or TensorFlow.js itself (`eager`). */
  readonly runner: 'koffi' | 'binding' | 'eager';
  readonly threads: number;
  /** Why this one, and what was tried before it. */
  readonly reason: string;
}

/** A step function was recorded, encoded and loaded: once per step function and batch shape. */
export interface ProgramCompiled {
  readonly type: 'programCompiled';
  readonly program: string;
  readonly nodes: number;
  readonly stages: number;
  readonly recordMs: number;
  readonly encodeMs: number;
  readonly sessionMs: number;
  /** Encoded size of all stages. */
  readonly sizeBytes: number;
}

/** A program left the bounded cache of compiled programs, and its sessions were freed. */
export interface ProgramEvicted {
  readonly type: 'programEvicted';
  readonly program: string;
}

export interface WorkerStarted {
  readonly type: 'workerStarted';
  readonly startMs: number;
}

/** The engine worker ended without being asked to: nothing trains any more. */
export interface WorkerFailed {
  readonly type: 'workerFailed';
  readonly message: string;
  /** Where in the worker, when an error of JavaScript ended it. */
  readonly stack?: string;
}

/** The engine worker ended as asked, with everything freed. */
export interface WorkerStopped {
  readonly type: 'workerStopped';
}

/** What a source reads from can't be reached: the source waits, and nothing is lost. */
export interface SourceAway {
  readonly type: 'sourceAway';
  readonly source: string;
  readonly message: string;
}

/** It can be reached again. */
export interface SourceBack {
  readonly type: 'sourceBack';
  readonly source: string;
  /** How long it was away. */
  readonly awayMs: number;
}
