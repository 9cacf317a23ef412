import { z } from 'zod';
import { jsonRoute } from '../../core/json-route.ts';
import type { Route } from '../../core/route.ts';
import type { Prometheus } from '../prometheus.ts';
import { statusOf } from './status.ts';
import { statusSchema } from './status-schema.ts';
import type { Telemetry } from './telemetry.ts';

const readySchema = z.strictObject({
  ready: z.boolean(),
  reasons: z.array(z.string()).describe('What keeps the pipeline from training.'),
});

/** What says how a pipeline is doing: nothing is changed by it, and nobody needs a token. */
export function watchRoutes(telemetry: Telemetry, prometheus: Prometheus): readonly Route[] {
  const get = { method: 'GET', changes: false } as const;
  return [
    {
      ...get,
      path: '/metrics',
      summary: 'Metrics, as Prometheus reads them.',
      answers: { 200: 'text/plain' },
      handle: async () => ({
        status: 200,
        headers: { 'content-type': prometheus.contentType },
        body: await prometheus.text(),
      }),
    },
    jsonRoute({
      ...get,
      path: '/livez',
      summary: 'Whether the process answers.',
      answer: z.strictObject({ alive: z.literal(true) }),
      handle: async () => ({ alive: true as const }),
    }),
    {
      ...get,
      path: '/readyz',
      summary: 'Whether the pipeline trains; with 503, what keeps it from doing so.',
      answers: { 200: readySchema, 503: readySchema },
      handle: async () => {
        const reasons = telemetry.hindrances();
        return { status: reasons.length === 0 ? 200 : 503, body: { ready: reasons.length === 0, reasons } };
      },
    },
    jsonRoute({
      ...get,
      path: '/v1/status',
      summary: 'How the pipeline stands: state, rates, heads, flows, the last checkpoint.',
      answer: statusSchema,
      handle: async () => {
        telemetry.look();
        return statusOf(telemetry);
      },
    }),
  ];
}
