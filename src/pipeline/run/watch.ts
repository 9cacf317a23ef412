import { createHash } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { EventSink } from '../../core/event.ts';
import { ownVersion } from '../../core/version.ts';
import type { Server } from '../../http/server.ts';
import type { Prometheus } from '../../report/prometheus.ts';
import { watchRoutes } from '../../report/telemetry/routes.ts';
import { Telemetry } from '../../report/telemetry/telemetry.ts';
import type { TrainingRun } from '../../train/run/run.ts';
import type { LoadedPipeline } from '../load.ts';
import { serveAt } from './serve.ts';

export interface WatchOptions {
  readonly clock: Clock;
  /** Told of everything that happens, besides what is watched by. */
  readonly events: EventSink;
  /** How often the pipeline was started again before. */
  readonly restarts?: number;
}

/** Lets others see how a pipeline is doing, from before its run begins until after it has ended. */
export interface Watch {
  readonly telemetry: Telemetry;
  /** To be told of everything that happens. */
  readonly events: EventSink;
  /** A run has begun: it is looked at from now on. */
  begin(run: TrainingRun, loaded: LoadedPipeline): void;
  close(): Promise<void>;
}

/**
 * Serves metrics, health and status where the pipeline says so (`metrics`).
 * @throws ConfigError when the server can't have its address
 */
export async function watch(loaded: LoadedPipeline, { clock, events, restarts = 0 }: WatchOptions): Promise<Watch> {
  const versions = { version: ownVersion(), node: process.versions.node };
  const telemetry = new Telemetry({ clock, versions, restarts });
  const { name, metrics } = loaded.config;
  const prometheus = metrics && (await openPrometheus(telemetry, name));
  const all: EventSink = (event) => {
    telemetry.event(event);
    prometheus?.event(event);
    events(event);
  };
  let server: Server | undefined;
  if (metrics && prometheus) {
    server = await serveAt('metrics', metrics, watchRoutes(telemetry, prometheus), all);
  }
  return {
    telemetry,
    events: all,
    begin(run, { written }) {
      telemetry.configHash = hashOf(written);
      telemetry.probe(() => ({ flows: run.flows(), settings: run.settings() }));
    },
    close: async () => {
      await server?.close();
    },
  };
}

/** Loaded where metrics are served. */
async function openPrometheus(telemetry: Telemetry, name: string): Promise<Prometheus> {
  const { Prometheus } = await import('../../report/prometheus.ts');
  return new Prometheus(telemetry, name);
}

/** Tells whether two pipeline files say the same; nothing of it came from the environment. */
const hashOf = (written: unknown): string =>
  createHash('sha256').update(JSON.stringify(written)).digest('hex').slice(0, 12);
