import { quote } from '../../core/format.ts';
import type { Telemetry } from './telemetry.ts';

/** What keeps a pipeline from training, or from keeping what it learns. Names no files: others may read it. */
export function hindrancesOf({ state, reason, isEngineLost, isUnwritable, away }: Telemetry): readonly string[] {
  const found: string[] = [];
  if (state === 'starting') found.push('it is starting');
  if (state === 'paused') found.push(`training is paused: ${reason}`);
  if (state === 'ended') found.push('training has ended');
  if (state === 'failed') found.push('training has failed: the log says why');
  if (isEngineLost) found.push("the engine's worker has failed");
  if (isUnwritable) found.push('the last checkpoint could not be written: the log says why');
  for (const source of away) found.push(`source ${quote(source)} can not be reached: the log says why`);
  return found;
}
