import { ConfigError } from '../../core/error.ts';
import type { EventSink } from '../../core/event.ts';
import { CheckpointStore } from '../../train/checkpoint/store.ts';
import { assignParameters } from '../../train/save.ts';
import { assemble, type Pipeline } from '../assemble.ts';
import type { LoadedPipeline } from '../load.ts';
import { RunFolder } from './folder.ts';
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
  const { fitted } = await lastRun(folder, events, 'train it first: trunkline train');
  const pipeline = await assemble(loaded, { fitted });
  const store = new CheckpointStore({ directory: folder.path('checkpoints'), keep: 2, events });
  const found = await store.newest(pipeline.model);
  if (!found)
    throw new ConfigError({ where: folder.directory, expected: 'the checkpoint that was just there', found: 'none' });
  assignParameters(pipeline.model, found.model);
  const model = await openModel(pipeline, events);
  model.runner.restore(found.model);
  return { ...model, pipeline, folder, step: found.step };
}

/** The run folder of a pipeline. */
export function folderOf({ config }: LoadedPipeline): string {
  return config.checkpoint.directory ?? `runs/${config.name}`;
}
