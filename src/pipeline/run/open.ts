import type { EventSink } from '../../core/event.ts';
import { openEngine } from '../../engine/index.ts';
import { forgetModel } from '../../model/index.ts';
import { StepRunner } from '../../step/runner.ts';
import type { Pipeline } from '../assemble.ts';

/** A pipeline's model on an engine, ready for steps and predictions. */
export interface OpenedModel {
  readonly runner: StepRunner;
  close(): Promise<void>;
}

/** @throws EngineError when the engine can't be had; ConfigError or ShapeError when it does not take the model */
export async function openModel(pipeline: Pipeline, events: EventSink): Promise<OpenedModel> {
  const engine = await openEngine(pipeline.engine, { events });
  try {
    const runner = await StepRunner.open(pipeline.model, engine, pipeline.runner);
    return {
      runner,
      close: async () => {
        await runner.close();
        await engine.close();
        forgetModel(pipeline.model);
      },
    };
  } catch (error) {
    await engine.close();
    throw error;
  }
}
