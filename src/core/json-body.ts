import { parseRecord } from './json.ts';
import { RouteError } from './route.ts';

/** @throws RouteError when the bytes are no text in UTF-8 */
export function textOf(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new RouteError(400, { where: 'body', expected: 'text in UTF-8', found: 'other bytes' });
  }
}

/** @throws RouteError when the bytes are no JSON, or name a key of an object twice */
export function jsonOf(body: Uint8Array): unknown {
  const parsed = parseRecord(textOf(body));
  if ('value' in parsed) return parsed.value;
  const { expected, found } = parsed.fault;
  throw new RouteError(400, { where: 'body', expected, found });
}
