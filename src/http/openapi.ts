import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import type { Route, RouteAnswer } from '../core/route.ts';
import { ownVersion } from '../core/version.ts';
import { problemSchema, problemType } from './answer.ts';

type Json = Readonly<Record<string, unknown>>;

/** The path of the document. */
export const openapiPath = '/v1/openapi.json';

/**
 * What routes say of themselves, as an OpenAPI 3.1 document: by the schemas that what is sent is checked by.
 * @param needsToken whether who changes something is asked for a token
 */
export function openapiOf(routes: readonly Route[], needsToken: boolean): Json {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const methods = paths[route.path] ?? {};
    methods[route.method.toLowerCase()] = operationOf(route, needsToken);
    paths[route.path] = methods;
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Trunkline', version: ownVersion(), license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths,
    components: {
      schemas: { Problem: schemaOf(problemSchema) },
      ...(needsToken ? { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } } : {}),
    },
  };
}

function operationOf(route: Route, needsToken: boolean): Json {
  const { summary, changes, mediaTypes, body, isBodyOptional = false, answers } = route;
  const ofProblem = { [problemType]: { schema: reference('Problem') } };
  const problem = { description: 'What is wrong.', content: ofProblem };
  const own = Object.entries(answers).map(([status, answer]) => [
    status,
    {
      description: STATUS_CODES[status] ?? '',
      // A request may also be wrong before the route has looked at it.
      content: { ...contentOf(answer), ...(Number(status) >= 400 ? ofProblem : {}) },
    },
  ]);
  return {
    summary,
    ...(mediaTypes && body ? { requestBody: { required: !isBodyOptional, content: bodies(mediaTypes, body) } } : {}),
    responses: { ...Object.fromEntries(own), default: problem },
    ...(changes && needsToken ? { security: [{ token: [] }] } : {}),
  };
}

/** JSON is described; of lines of JSON it is said that they are text. */
function bodies(mediaTypes: readonly string[], body: z.ZodType): Json {
  const schema = schemaOf(body, 'input');
  const isJson = (type: string): boolean => type === 'application/json';
  return Object.fromEntries(mediaTypes.map((type) => [type, { schema: isJson(type) ? schema : { type: 'string' } }]));
}

const contentOf = (answer: RouteAnswer): Json =>
  typeof answer === 'string'
    ? { [answer]: { schema: { type: 'string' } } }
    : { 'application/json': { schema: schemaOf(answer) } };

function schemaOf(schema: z.ZodType, io: 'input' | 'output' = 'output'): Json {
  const { $schema: _, ...own } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json;
  return own;
}

const reference = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
