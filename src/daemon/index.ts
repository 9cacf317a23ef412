export type { ReloadOutcome } from '../core/steering.ts';
export { Daemon, type DaemonOptions } from './daemon.ts';
export type { Failure, PipelineStatus } from './supervised.ts';
