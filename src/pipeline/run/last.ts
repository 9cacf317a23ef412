import type { Json } from '../../core/chunk.ts';
import { parseConfig } from '../../core/config.ts';
import { ConfigError } from '../../core/error.ts';
import type { EventSink } from '../../core/event.ts';
import { CheckpointStore } from '../../train/checkpoint/store.ts';
import { runSchema } from '../../train/run/restore.ts';
import type { RunFolder } from './folder.ts';

/** What a run remembers besides its model: before the model can be built. */
export interface LastRun {
  readonly step: number;
  readonly fitted: Json;
  /** Heads that were made from the template. */
  readonly made: readonly string[];
}

/**
 * What the newest checkpoint of a run remembers; undefined when there is none.
 * @throws ConfigError when all that there are are damaged
 */
export async function findLastRun(folder: RunFolder, events: EventSink): Promise<LastRun | undefined> {
  const found = await storeOf(folder, events).newestRun();
  if (!found) return undefined;
  const { fitted, made } = parseConfig(runSchema, found.run, `checkpoint of step ${found.step}`);
  return { step: found.step, fitted, made };
}

/**
 * What the newest checkpoint of a run remembers.
 * @param hint what to do when there is none
 * @throws ConfigError when there is none, or all that there are are damaged
 */
export async function lastRun(folder: RunFolder, events: EventSink, hint: string): Promise<LastRun> {
  const found = await findLastRun(folder, events);
  if (found) return found;
  throw new ConfigError({ where: folder.path('checkpoints'), expected: 'a checkpoint', found: 'none', hint });
}

/**
 * How a run goes on that may have been ended at any moment: one that was ended before its first checkpoint begins anew.
 * To be called by who has the run folder.
 */
export async function continuation(folder: RunFolder, events: EventSink): Promise<'resume' | 'overwrite'> {
  const store = storeOf(folder, events);
  await store.clear();
  return (await store.steps()).length > 0 ? 'resume' : 'overwrite';
}

function storeOf(folder: RunFolder, events: EventSink): CheckpointStore {
  return new CheckpointStore({ directory: folder.path('checkpoints'), keep: 2, events });
}
