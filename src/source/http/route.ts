import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Route, RouteError } from '../../core/route.ts';
import { arrayType, ndjsonTypes, recordsOf } from './body.ts';
import type { Intake, Request } from './intake.ts';
import { keyOf } from './keys.ts';
import { answerSchema } from './verdict.ts';

export interface IntakeRouteOptions {
  readonly path: string;
  /** The most that a request may have. */
  readonly bodyBytes: number;
  readonly records: number;
}

/** The route that records are sent to. */
export function intakeRoute(intake: Intake, { path, bodyBytes, records: most }: IntakeRouteOptions): Route {
  return {
    method: 'POST',
    path,
    summary: 'Accepts records for training: what is answered with 200 is on the disk.',
    changes: true,
    mediaTypes: [...ndjsonTypes, arrayType],
    bodyBytes,
    body: z.array(z.record(z.string(), z.unknown())).max(most),
    answers: { 200: answerSchema, 400: answerSchema },
    admit: () => intake.admit(0),
    handle: async ({ body, mediaType, header }) => {
      const records = await recordsOf(body, mediaType, most);
      const key = requestKey(header('idempotency-key'), mediaType, body);
      const { answer, isRepeated } = await intake.take({ records, sizeBytes: body.length, ...(key ? { key } : {}) });
      const isRefused = answer.accepted + answer.duplicates === 0 && answer.rejected.length > 0;
      return {
        status: isRefused ? 400 : 200,
        headers: isRepeated ? { 'idempotency-replayed': 'true' } : {},
        body: answer,
      };
    },
  };
}

function requestKey(text: string | undefined, mediaType: string, body: Uint8Array): Request['key'] {
  if (text === undefined) return undefined;
  if (!/^[\x21-\x7e]{1,255}$/.test(text))
    throw new RouteError(400, {
      where: "header 'idempotency-key'",
      expected: 'up to 255 letters, digits and signs, without spaces',
      found: 'something else',
    });
  return {
    key: keyOf('request', text),
    digest: createHash('sha256').update(mediaType).update('\n').update(body).digest(),
  };
}
