import type { EventSink } from '../../core/event.ts';
import type { Route } from '../../core/route.ts';
import type { ReloadOutcome, Steering } from '../../core/steering.ts';
import type { Server } from '../../http/server.ts';
import { controlRoutes } from '../../report/control/routes.ts';
import type { StepRunner } from '../../step/runner.ts';
import type { Pipeline } from '../assemble.ts';
import { httpSchema } from '../schema/run.ts';
import { predictRoute } from './predict-route.ts';
import { serveAt } from './serve.ts';

export interface SteerOptions {
  readonly events: EventSink;
  /** Takes over what changed in the pipeline file, where that can be done. */
  readonly reload?: () => Promise<ReloadOutcome>;
}

/**
 * Lets others steer a run, have it predict, and send to it. Where nobody sends and the pipeline does not say `http`, there is no server.
 * @param routes of the sources that are sent to
 * @throws ConfigError when the server can't have its address
 */
export async function steer(
  pipeline: Pipeline,
  runner: StepRunner,
  run: Steering,
  routes: readonly Route[],
  { events, reload }: SteerOptions,
): Promise<Server | undefined> {
  const { http } = pipeline.config;
  if (!http && routes.length === 0) return undefined;
  const config = http ?? httpSchema.parse({});
  const all = [...routes, ...controlRoutes(run, reload), predictRoute(pipeline, runner, run, config.predict)];
  return serveAt('http', config, all, events);
}
