import type { z } from 'zod';
import { type Issue, TrunklineError } from './error.ts';

/** What a route answers with one status: JSON of a schema, or text of a media type. */
export type RouteAnswer = z.ZodType | string;

/**
 * One thing that a server answers. Whoever has something to answer gives routes to whoever runs the server: it knows
 * nothing of HTTP beyond this.
 */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `/v1/samples`; as it is, without patterns. */
  readonly path: string;
  /** One sentence: what it does. */
  readonly summary: string;
  /** Whether it changes anything: then it may need a token. */
  readonly changes: boolean;
  /** Media types that a body may have; without them there is no body. */
  readonly mediaTypes?: readonly string[];
  /** The most that a body may have, unpacked. */
  readonly bodyBytes?: number;
  /** What a body says, for documentation. */
  readonly body?: z.ZodType;
  /** Whether the body may be left out; false when left out. */
  readonly isBodyOptional?: boolean;
  /** What it answers when all is well, by status. */
  readonly answers: Readonly<Record<number, RouteAnswer>>;
  /** Asked before a body is read. @throws RouteError while nothing is taken */
  admit?(): void;
  /** @throws RouteError with what is wrong with the request; anything else is told as a failure, without details */
  handle(request: RouteRequest): Promise<RouteReply>;
}

export interface RouteRequest {
  /** One of the route's, in lower case, without parameters; empty where there is no body. */
  readonly mediaType: string;
  /** Unpacked. */
  readonly body: Uint8Array;
  /** A header's value, by its name in lower case. */
  header(name: string): string | undefined;
}

export interface RouteReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text as it is, anything else as JSON. */
  readonly body: unknown;
}

/** What is wrong with a request, with the status that says so. */
export class RouteError extends TrunklineError {
  override readonly name = 'RouteError';
  readonly status: number;
  /** When it is worth asking again. */
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, issues: Issue | readonly Issue[], retryAfterSeconds?: number) {
    super(issues);
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
