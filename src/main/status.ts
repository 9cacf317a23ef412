import { systemClock } from '../core/clock.ts';
import { statusText } from '../report/status-text.ts';
import { addressOf, statusAt, usualWidth } from './ask.ts';

/**
 * Says how a running pipeline stands.
 * @throws TrunklineError when it does not answer
 */
export async function statusCommand(
  of: string,
  { json }: { readonly json?: boolean },
  print: (text: string) => void,
): Promise<void> {
  const status = await statusAt(await addressOf(of));
  const width = process.stdout.columns ?? usualWidth;
  print(json ? JSON.stringify(status, null, 2) : statusText(status, { width, nowMs: systemClock.nowMs() }));
}
