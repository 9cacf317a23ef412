import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { RouteError } from '../core/route.ts';
import { tooLarge } from './answer.ts';

const unpack = promisify(gunzip);

/** Whether a body is packed. @throws RouteError when it is by something other than gzip */
export function isPacked(encoding: string | undefined): boolean {
  if (encoding === undefined || encoding.toLowerCase() === 'identity') return false;
  if (encoding.toLowerCase() === 'gzip') return true;
  throw new RouteError(415, { where: "header 'content-encoding'", expected: 'gzip', found: 'something else' });
}

/** The media type that a header names, without parameters. @throws RouteError when it is none of `allowed` */
export function mediaTypeOf(header: string | undefined, allowed: readonly string[]): string {
  const type = (header ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (allowed.includes(type)) return type;
  throw new RouteError(415, {
    where: "header 'content-type'",
    expected: allowed.join(' or '),
    found: header === undefined ? 'none' : 'something else',
  });
}

/** A body that was packed by gzip. @throws RouteError when it is not, or has more than `most` bytes */
export async function unpacked(body: Uint8Array, most: number): Promise<Uint8Array> {
  try {
    return await unpack(body, { maxOutputLength: most });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(most);
    throw new RouteError(400, { where: 'body', expected: 'what gzip packed', found: 'something else' });
  }
}
