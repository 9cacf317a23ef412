import { connect } from 'node:net';
import fc from 'fast-check';
import { type AbuseRequest, requests } from './request.ts';
import type { Target } from './target.ts';

/** What is answered to bytes: all that comes until the connection is closed. */
export function answerTo(port: number, { head, body }: Pick<AbuseRequest, 'head' | 'body'>): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (data) => {
      text += data.toString('latin1');
    });
    socket.on('error', () => {}).on('close', () => resolve(text));
    socket.write(Buffer.from(head, 'latin1'));
    socket.end(body);
  });
}

/**
 * Sends a target whatever comes to mind, first without the token and then with it, and sees that it answers as if nothing
 * had been: it tells nothing that nobody may see, fails at nothing, and without the token nothing of it is another.
 * @throws Error with a request that is to blame
 */
export async function abuse(target: Target, cases: number, seed: number, told?: (done: number) => void): Promise<void> {
  let done = 0;
  const next = (): void => told?.(++done);
  // What is allowed may have an effect after its answer: so it comes last.
  await sent(target, false, { numRuns: Math.ceil(cases / 2), seed }, next);
  await sent(target, true, { numRuns: Math.floor(cases / 2), seed }, next);
}

async function sent(
  target: Target,
  isAllowed: boolean,
  parameters: { readonly numRuns: number; readonly seed: number },
  next: () => void,
): Promise<void> {
  const before = target.state();
  await fc.assert(
    fc.asyncProperty(requests(isAllowed), async (request) => {
      const answer = await answerTo(target.ports[request.server], request);
      for (const secret of target.secrets)
        if (answer.includes(secret)) throw new Error(`it told '${secret}': ${answer}`);
      const failures = target.failures();
      if (failures.length > 0) throw new Error(`it failed: ${failures.join('; ')}`);
      if (!isAllowed && target.state() !== before) throw new Error(`it changed: ${before} → ${target.state()}`);
      next();
    }),
    { ...parameters, endOnFailure: true },
  );
}
