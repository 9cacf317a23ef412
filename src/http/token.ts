import { createHash, timingSafeEqual } from 'node:crypto';
import { RouteError } from '../core/route.ts';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Whether a request has the token: compared in a time that says nothing of how much of it was right. */
export class TokenCheck {
  readonly #expected: Buffer;

  constructor(token: string) {
    this.#expected = digest(token);
  }

  /** @throws RouteError when it does not */
  check(authorization: string | undefined): void {
    const [, given] = /^Bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
    // Digests are of one length, whatever was sent.
    if (given !== undefined && timingSafeEqual(digest(given), this.#expected)) return;
    throw new RouteError(401, {
      where: "header 'authorization'",
      expected: "'Bearer' and the server's token",
      found: authorization === undefined ? 'no such header' : 'something else',
    });
  }
}
