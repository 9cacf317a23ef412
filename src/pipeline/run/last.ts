import type { Json } from '../../core/chunk.ts';
import { parseConfig } from '../../core/config.ts';
import { ConfigError } from '../../core/error.ts';
import type { EventSink } from '../../core/event.ts';
import { CheckpointStore } from '../../train/checkpoint/store.ts';
import { runSchema } from '../../train/run/checkpoints.ts';
import type { RunFolder } from './folder.ts';

/**
 * What the newest checkpoint of a run remembers besides its model: before the model can be built.
 * @param hint what to do when there is none
 * @throws ConfigError when there is none
 */
export async function lastRun(
  folder: RunFolder,
  events: EventSink,
  hint: string,
): Promise<{ readonly step: number; readonly fitted: Json }> {
  const directory = folder.path('checkpoints');
  const found = await new CheckpointStore({ directory, keep: 2, events }).newestRun();
  if (!found) throw new ConfigError({ where: directory, expected: 'a checkpoint', found: 'none', hint });
  const { fitted } = parseConfig(runSchema, found.run, `checkpoint of step ${found.step}`);
  return { step: found.step, fitted };
}
