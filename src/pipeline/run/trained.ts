import { ConfigError } from '../../core/error.ts';
import type { EventSink } from '../../core/event.ts';
import { CheckpointStore } from '../../train/checkpoint/store.ts';
import { refusals } from '../../train/run/identity.ts';
import { differencesSince } from '../../train/run/restore.ts';
import { assemble, type Pipeline } from '../assemble.ts';
import type { LoadedPipeline } from '../load.ts';
import { withMadeHeads } from '../model/made.ts';
import { RunFolder } from './folder.ts';
import { identityOf } from './identity.ts';
import { lastRun } from './last.ts';
import { type OpenedModel, openModel } from './open.ts';

/** A pipeline with what its newest checkpoint learned. */
export interface TrainedPipeline extends OpenedModel {
  readonly pipeline: Pipeline;
  readonly folder: RunFolder;
  /** Steps it was trained for. */
  readonly step: number;
}

/**
 * Opens a pipeline's model as the newest checkpoint of its run has it.
 * @throws ConfigError when there is no checkpoint, or it is of another model
 */
export async function openTrained(loaded: LoadedPipeline, events: EventSink): Promise<TrainedPipeline> {
  const folder = new RunFolder(folderOf(loaded));
  const { fitted, made } = await lastRun(folder, events, `train it first: trunkline train ${loaded.file}`);
  const pipeline = await assemble(withMadeHeads(loaded, made), { fitted, sourcesMayBeGone: true });
  const store = new CheckpointStore({ directory: folder.path('checkpoints'), keep: 2, events });
  const found = await store.newest(pipeline.model).catch(async (error: unknown) => {
    throw (await changedSince(store, pipeline)) ?? error;
  });
  if (!found)
    throw new ConfigError({ where: folder.directory, expected: 'the checkpoint that was just there', found: 'none' });
  const model = await openModel(pipeline, events);
  model.runner.restore(found.model);
  return { ...model, pipeline, folder, step: found.step };
}

/** What of a pipeline's model was said otherwise when it was trained, if that is why its checkpoint does not fit. */
async function changedSince(store: CheckpointStore, pipeline: Pipeline): Promise<unknown> {
  const differences = await differencesSince(store, identityOf(pipeline));
  const ofModel = differences.filter(
    ({ path: [part, , option] }) =>
      part === 'model' || (part === 'sources' && ['features', 'labels'].includes(`${String(option)}`)),
  );
  const hint = 'take the pipeline as it was trained, or train the new one';
  return ofModel.length === 0 ? undefined : pipeline.located(refusals(ofModel, hint));
}

/** The run folder of a pipeline. */
export function folderOf({ config }: LoadedPipeline): string {
  return config.checkpoint.directory ?? `runs/${config.name}`;
}
