import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { TrunklineError } from '../core/error.ts';
import { RouteError, type RouteReply } from '../core/route.ts';

export const problemType = 'application/problem+json';

/** What is said when something is wrong: a problem of RFC 9457 with issues. */
export const problemSchema = z.strictObject({
  title: z.string().exactOptional(),
  status: z.int(),
  issues: z.array(
    z.strictObject({
      where: z.string(),
      expected: z.string(),
      found: z.string(),
      hint: z.string().exactOptional(),
    }),
  ),
});

/** Sends what a route answered. */
export function sendReply(reply: FastifyReply, { status, headers = {}, body }: RouteReply): FastifyReply {
  reply.code(status).headers(headers);
  if (typeof body === 'string') return reply.type(headers['content-type'] ?? 'text/plain; charset=utf-8').send(body);
  return reply.type(headers['content-type'] ?? 'application/json; charset=utf-8').send(`${JSON.stringify(body)}\n`);
}

/** What the server itself finds wrong with a request, by the codes of fastify. */
const faults: Readonly<Record<string, (limit: number | undefined) => RouteError>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: (limit) => tooLarge(limit),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    new RouteError(400, { where: 'body', expected: 'as many bytes as content-length says', found: 'fewer, or more' }),
};

export function tooLarge(limit: number | undefined): RouteError {
  const most = limit === undefined ? 'a smaller body' : `at most ${limit.toLocaleString('en-US')} bytes`;
  const hint = 'send it in parts';
  return new RouteError(413, { where: 'body', expected: most, found: 'more', hint });
}

/**
 * What is said of an error: all of it when it is about the request; otherwise nothing but that there was one, because it
 * may name files or other people's data.
 * @param failed told of errors that are not about the request
 */
export function errorOf(error: unknown, limit: number | undefined, failed: (error: unknown) => void): RouteError {
  if (error instanceof RouteError) return error;
  const { code, statusCode = 500 } = error as { readonly code?: string; readonly statusCode?: number };
  const known = code === undefined ? undefined : faults[code];
  if (known) return known(limit);
  if (statusCode >= 400 && statusCode < 500 && !(error instanceof TrunklineError))
    return new RouteError(statusCode, {
      where: 'request',
      expected: 'one that can be read',
      found: 'one that can not',
    });
  failed(error);
  return new RouteError(500, { where: 'server', expected: 'an answer', found: 'a failure, which its log tells of' });
}

/** Sends an error as issues. */
export function sendError(reply: FastifyReply, { status, issues, retryAfterSeconds }: RouteError): FastifyReply {
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds));
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  const title = STATUS_CODES[status];
  const problem: z.input<typeof problemSchema> = { ...(title ? { title } : {}), status, issues: [...issues] };
  return sendReply(reply, { status, headers: { 'content-type': `${problemType}; charset=utf-8` }, body: problem });
}
