import type { z } from 'zod';
import { checkConfig } from './config.ts';
import { jsonOf } from './json-body.ts';
import { type Route, RouteError, type RouteRequest } from './route.ts';

/** What a route of JSON says of itself: see `Route`. */
export interface JsonRouteOptions<Body extends z.ZodType, Answer extends z.ZodType>
  extends Pick<Route, 'method' | 'path' | 'summary' | 'changes' | 'bodyBytes' | 'admit'> {
  /** Of an object. One that may be empty may be left out. */
  readonly body?: Body;
  readonly answer: Answer;
  /** 200 when left out. */
  readonly status?: number;
  handle(body: z.output<Body>): Promise<z.input<Answer>>;
}

const mediaType = 'application/json';

/** A route that is sent JSON, or nothing, and answers JSON: what is sent is checked by the schema that documents it. */
export function jsonRoute<Body extends z.ZodType, Answer extends z.ZodType>({
  body: schema,
  answer,
  status = 200,
  handle,
  ...rest
}: JsonRouteOptions<Body, Answer>): Route {
  const isBodyOptional = schema?.safeParse({}).success ?? true;
  return {
    ...rest,
    ...(schema ? { mediaTypes: [mediaType], body: schema, isBodyOptional } : {}),
    answers: { [status]: answer },
    handle: async (request) => ({ status, body: await handle(bodyOf(request, schema)) }),
  };
}

/** @throws RouteError with everything that is wrong with it */
function bodyOf<Body extends z.ZodType>({ body }: RouteRequest, schema: Body | undefined): z.output<Body> {
  if (!schema) return undefined as z.output<Body>;
  const checked = checkConfig(schema, body.length === 0 ? {} : jsonOf(body), 'body');
  if (!checked.ok) throw new RouteError(400, checked.issues);
  return checked.config;
}
