import { BlockList, isIPv6 } from 'node:net';
import { RouteError } from '../core/route.ts';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether nobody but this machine can reach an address or name. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, '$1');
  return name === 'localhost' || loopback.check(name, isIPv6(name) ? 'ipv6' : 'ipv4');
}

/**
 * Whether a request was made by no page of another site: a page in a browser can have it send what needs no permission,
 * and browsers say where a page is from.
 * @throws RouteError when it was
 */
export function checkOrigin(origin: string | undefined): void {
  if (origin === undefined || (URL.canParse(origin) && isLoopback(new URL(origin).hostname))) return;
  throw new RouteError(403, { where: "header 'origin'", expected: 'none, or this machine', found: 'another site' });
}

/**
 * Whether a request means this machine. A page in a browser can have a name of its own lead here; what it sends then
 * still names its own host.
 * @throws RouteError when it does not
 */
export function checkHost(host: string | undefined): void {
  const name = (host ?? '').replace(/:\d+$/, '');
  if (isLoopback(name)) return;
  throw new RouteError(400, { where: "header 'host'", expected: 'localhost, or its address', found: 'another name' });
}
