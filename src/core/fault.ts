import type { Issue } from './error.ts';

/** Why a record was rejected; whoever knows the place adds it. */
export interface Fault extends Omit<Issue, 'where'> {
  readonly reason: string;
}
