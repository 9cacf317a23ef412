import { createLogUpdate } from 'log-update';
import { systemClock } from '../core/clock.ts';
import { TrunklineError } from '../core/error.ts';
import { statusText } from '../report/status-text.ts';
import { addressOf, statusAt, usualWidth } from './ask.ts';

export interface TopCommandOptions {
  /** Milliseconds between two looks. */
  readonly interval: number;
  /** Ends after so many looks; never when left out. */
  readonly frames?: number;
}

/**
 * Shows how a running pipeline stands, again and again: on a terminal in place, elsewhere one below the other. A pipeline
 * that does not answer is waited for. Ctrl-C ends it.
 * @throws ConfigError when the pipeline's file does not say where it is asked
 */
export async function topCommand(
  of: string,
  { interval, frames = Number.POSITIVE_INFINITY }: TopCommandOptions,
  print: (text: string) => void,
): Promise<void> {
  const address = await addressOf(of);
  const live = process.stdout.isTTY ? createLogUpdate(process.stdout) : undefined;
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    for (let frame = 1; frame <= frames && !stop.signal.aborted; frame++) {
      (live ?? print)(await frameOf(address, live !== undefined));
      if (frame < frames) await systemClock.sleep(interval, stop.signal).catch(() => {});
    }
  } finally {
    live?.done();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

async function frameOf(address: string, isLive: boolean): Promise<string> {
  const { columns: width = usualWidth, rows: height } = process.stdout;
  try {
    const status = await statusAt(address);
    // The last line of a terminal is where the cursor stands.
    return statusText(status, { width, nowMs: systemClock.nowMs(), ...(isLive ? { height: height - 1 } : {}) });
  } catch (error) {
    if (error instanceof TrunklineError) return error.message;
    throw error;
  }
}
