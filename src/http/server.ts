import type { AddressInfo } from 'node:net';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { z } from 'zod';
import { ConfigError } from '../core/error.ts';
import { jsonRoute } from '../core/json-route.ts';
import { type Route, RouteError } from '../core/route.ts';
import { AddressInUse } from './address-in-use.ts';
import { errorOf, sendError, sendReply } from './answer.ts';
import { isPacked, mediaTypeOf, unpacked } from './body.ts';
import { checkHost, checkOrigin, isLoopback } from './loopback.ts';
import { openapiOf, openapiPath } from './openapi.ts';
import { TokenCheck } from './token.ts';

export interface ServerOptions {
  readonly host: string;
  /** What of the configuration says so, for errors. `http` when left out. */
  readonly where?: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** Asked of whoever wants to change something. */
  readonly token?: string;
  readonly routes: readonly Route[];
  /** Told of failures that are not the request's. */
  readonly failed: (route: string, error: unknown) => void;
}

export interface Server {
  readonly url: string;
  /** What it answers, as `GET /v1/status`. */
  readonly routes: readonly string[];
  /** Answers what was asked, and nothing more. */
  close(): Promise<void>;
}

/** Bytes of a body where a route says nothing. */
const usualBytes = 2 ** 20;
/** Within which a request must have been sent: what is slower holds a connection up. */
const requestTimeoutMs = 60_000;

/**
 * Answers routes until it is closed.
 * @throws ConfigError when two routes are one, the address can't be had, or others could change something without a token
 */
export async function serve({ where = 'http', ...options }: ServerOptions): Promise<Server> {
  const { host, port, token, failed } = options;
  const routes = documented(options.routes, token !== undefined);
  checkRoutes(routes);
  if (token === undefined && !isLoopback(host) && routes.some(({ changes }) => changes))
    throw new ConfigError({
      where: `${where}.token`,
      expected: `a token, because others reach ${host}`,
      found: 'none',
      hint: 'token: ${TRUNKLINE_TOKEN}, or leave host out',
    });
  const server = fastify({ bodyLimit: usualBytes, requestTimeout: requestTimeoutMs, forceCloseConnections: 'idle' });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  server.setNotFoundHandler((_request, reply) => sendError(reply, unknown()));
  server.setErrorHandler((error, request, reply) => {
    const { url, method, bodyLimit } = request.routeOptions;
    return sendError(
      reply,
      errorOf(error, bodyLimit, (own) => failed(`${String(method)} ${url ?? ''}`.trim(), own)),
    );
  });
  if (isLoopback(host) && token === undefined)
    server.addHook('onRequest', async ({ headers }) => {
      checkHost(headers.host);
      checkOrigin(headers.origin);
    });
  const check = token === undefined ? undefined : new TokenCheck(token);
  for (const route of routes) add(server, route, check);
  try {
    await server.listen({ host, port });
  } catch (error) {
    await server.close();
    throw unheard(where, host, port, error);
  }
  const { port: bound } = server.server.address() as AddressInfo;
  const answered = routes.map(({ method, path }) => `${method} ${path}`);
  return {
    routes: answered,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    close: () => server.close(),
  };
}

function add(server: FastifyInstance, route: Route, token: TokenCheck | undefined): void {
  const { method, path: url, changes, mediaTypes, bodyBytes = usualBytes, isBodyOptional = false } = route;
  const mediaTypeIn = ({ headers }: FastifyRequest): string =>
    mediaTypes && !(isBodyOptional && isWithoutBody(headers)) ? mediaTypeOf(headers['content-type'], mediaTypes) : '';
  server.route({
    method,
    url,
    bodyLimit: bodyBytes,
    exposeHeadRoute: false,
    // Before the body is read: what will be refused is not waited for.
    onRequest: async (request) => {
      if (changes) token?.check(request.headers.authorization);
      mediaTypeIn(request);
      isPacked(request.headers['content-encoding']);
      route.admit?.();
    },
    handler: async (request, reply): Promise<FastifyReply> => {
      const sent = request.body instanceof Uint8Array ? request.body : new Uint8Array(0);
      const body = isPacked(request.headers['content-encoding']) ? await unpacked(sent, bodyBytes) : sent;
      const header = (name: string): string | undefined => request.headers[name]?.toString();
      return sendReply(reply, await route.handle({ mediaType: mediaTypeIn(request), body, header }));
    },
  });
}

const isWithoutBody = ({ 'content-length': length, 'transfer-encoding': coding }: FastifyRequest['headers']): boolean =>
  coding === undefined && (length === undefined || length === '0');

/** Routes, and the one that says what they are. */
function documented(routes: readonly Route[], needsToken: boolean): readonly Route[] {
  const own = jsonRoute({
    method: 'GET',
    path: openapiPath,
    summary: 'Says what this server answers: this document.',
    changes: false,
    answer: z.record(z.string(), z.unknown()),
    handle: async () => document,
  });
  const all = [...routes, own];
  const document = openapiOf(all, needsToken);
  return all;
}

function checkRoutes(routes: readonly Route[]): void {
  const names = routes.map(({ method, path }) => `${method} ${path}`);
  const twice = names.filter((name, at) => names.indexOf(name) !== at);
  if (twice.length === 0) return;
  const issues = [...new Set(twice)].map((name) => ({
    where: name,
    expected: 'one that answers it',
    found: 'several',
    hint: 'give the sources paths of their own',
  }));
  throw new ConfigError(issues);
}

function unknown(): RouteError {
  return new RouteError(404, { where: 'path', expected: 'one that the server answers', found: 'another' });
}

function unheard(where: string, host: string, port: number, error: unknown): ConfigError {
  const { code, message } = error as NodeJS.ErrnoException;
  const isInUse = code === 'EADDRINUSE';
  return new (isInUse ? AddressInUse : ConfigError)(
    {
      where,
      expected: `an address that is free: ${host}, port ${port}`,
      found: isInUse ? 'one that something else listens on' : message,
    },
    { cause: error },
  );
}
