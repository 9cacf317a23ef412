import type { EventSink } from '../../core/event.ts';
import type { Route } from '../../core/route.ts';
import type { Server } from '../../http/server.ts';
import type { HttpConfig, MetricsConfig } from '../schema/run.ts';

/**
 * Answers routes at the address that a part of the pipeline says, and tells of it.
 * @param where that part, for errors
 * @throws ConfigError when the address can't be had
 */
export async function serveAt(
  where: 'http' | 'metrics',
  { host, port, token }: Partial<Pick<HttpConfig, 'token'>> & MetricsConfig,
  routes: readonly Route[],
  events: EventSink,
): Promise<Server> {
  const failed = (route: string, error: unknown): void =>
    events({ type: 'requestFailed', route, message: error instanceof Error ? error.message : String(error) });
  // Most runs serve nothing, and need not wait for what does.
  const { serve } = await import('../../http/server.ts');
  const server = await serve({ where, host, port, ...(token === undefined ? {} : { token }), routes, failed });
  events({ type: 'serverStarted', url: server.url, routes: server.routes });
  return server;
}
